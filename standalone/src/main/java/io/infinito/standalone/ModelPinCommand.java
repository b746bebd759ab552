package io.infinito.standalone;

import io.infinito.standalone.serving.StoredModels;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito model pin}: hold a model at a version. */
@Command(
        name = "pin",
        mixinStandardHelpOptions = true,
        header = "Hold a model at a version.",
        description =
                "%nEvery inference service of this model goes to that version and stays there until 'infinito model unpin', "
                        + "however good later checkpoints are.%n")
final class ModelPinCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "VERSION",
            description = "As answers name it, job/step-00000292; 'infinito model show' lists them.")
    private String version;

    @Mixin
    private PinOptions pins;

    @Override
    public Integer call() throws InterruptedException {
        return pins.hold((StoredModels models) -> models.pin(pins.model().name(), version));
    }
}
