package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.infinito.checkpoint.Pin;
import io.infinito.standalone.serving.StoredModels;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What commands that pin a model have in common. */
final class PinOptions {
    @Option(names = "--wait", description = "Return when the inference service serves it, or refuses it.")
    private boolean wait;

    @Mixin
    private NamedModelOptions model;

    NamedModelOptions model() {
        return model;
    }

    /** Pins, tells what was pinned, and waits if asked. */
    int hold(Function<StoredModels, Pin> pinning) throws InterruptedException {
        Pin pin = model.inStore(pinning);
        Terminal terminal = model.terminal();
        if (model.json()) {
            terminal.result(new ObjectMapper()
                    .createObjectNode()
                    .put("model", model.name())
                    .put("version", pin.checkpoint().version())
                    .put("pinnedAt", pin.pinnedAt())
                    .toString());
        } else {
            terminal.say("Model " + model.name() + " is pinned to "
                    + pin.checkpoint().version() + ". 'infinito model unpin' lets it follow the best again.");
        }
        if (wait) {
            model.await(pin.checkpoint(), pin.pinnedAt());
            terminal.say("It is served.");
        }
        return 0;
    }
}
