package io.infinito.infer;

import io.infinito.infer.model.Torch;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/** The process: libtorch needs about as long as Quarkus to start, and nothing of it, so both start at once. */
@QuarkusMain
public final class InferenceMain {
    private InferenceMain() {}

    /** Returns when the service has stopped. */
    public static void main(String... args) {
        Torch.preload();
        Quarkus.run(args);
    }
}
