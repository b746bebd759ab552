package io.infinito.standalone;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.events.ProtoJson;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.standalone.serving.ModelJson;
import io.infinito.standalone.serving.ModelTable;
import io.infinito.standalone.serving.StoredModels.Checkpoint;
import io.infinito.standalone.serving.StoredModels.Model;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito model show}: everything about one model. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        header = "Show what a model means, what is served, and what can be pinned.",
        description =
                "%nTells the best version, the one before it, the pin, what the inference service has loaded or why it has not, "
                        + "and every complete checkpoint of the model, the newest first.%n")
final class ModelShowCommand implements Callable<Integer> {
    @Mixin
    private NamedModelOptions options;

    @Override
    public Integer call() throws JsonProcessingException {
        Model model = options.inStore(models -> models.find(options.name()));
        List<Checkpoint> checkpoints = options.inStore(models -> models.checkpoints(options.name()));
        Optional<GetModelResponse> served = options.served();
        Terminal terminal = options.terminal();
        if (options.json()) {
            ObjectNode node = ModelJson.of(model);
            if (served.isPresent()) {
                node.set("served", new ObjectMapper().readTree(ProtoJson.print(served.get())));
            }
            ModelJson.put(node, checkpoints);
            terminal.result(node.toString());
        } else {
            ModelTable.details(model, served, checkpoints).forEach(terminal::result);
        }
        return 0;
    }
}
