package io.infinito.standalone;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito model rollback}: back to the version before. */
@Command(
        name = "rollback",
        mixinStandardHelpOptions = true,
        header = "Go back to the version that was the best before.",
        description =
                "%nPins the version that the model served before its best one. A model that is pinned already is not moved: "
                        + "repeating the command does not go back further.%n")
final class ModelRollbackCommand implements Callable<Integer> {
    @Mixin
    private PinOptions pins;

    @Override
    public Integer call() throws InterruptedException {
        return pins.hold(models -> models.rollback(pins.model().name()));
    }
}
