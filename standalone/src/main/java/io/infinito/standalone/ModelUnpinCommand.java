package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.Pin;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code infinito model unpin}: follow the best again. */
@Command(
        name = "unpin",
        mixinStandardHelpOptions = true,
        header = "Let a pinned model follow its best version again.",
        description = "%nTakes the pin away. Trainers may then delete the checkpoint that it named.%n")
final class ModelUnpinCommand implements Callable<Integer> {
    @Option(names = "--wait", description = "Return when the inference service serves the best version, or refuses it.")
    private boolean wait;

    @Mixin
    private NamedModelOptions model;

    @Override
    public Integer call() throws InterruptedException {
        Optional<Pin> pin = model.inStore(models -> models.unpin(model.name()));
        Optional<CheckpointReference> best =
                model.inStore(models -> models.read(model.name()).served());
        Terminal terminal = model.terminal();
        if (model.json()) {
            ObjectNode node = new ObjectMapper().createObjectNode().put("model", model.name());
            pin.ifPresent(p -> node.put("unpinned", p.checkpoint().version()));
            best.ifPresent(b -> node.put("version", b.version()));
            terminal.result(node.toString());
        } else {
            terminal.say("Model " + model.name()
                    + (pin.isPresent() ? " is not pinned any more" : " was not pinned")
                    + best.map(b -> ": its best version is " + b.version() + ".")
                            .orElse(", and has no best version yet."));
        }
        if (wait && best.isPresent()) {
            model.await(best.get(), "");
            terminal.say("It is served.");
        }
        return 0;
    }
}
