package io.infinito.standalone;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code infinito model}: which version of a model is served. */
@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        header = "List models, and choose which version is served.",
        description =
                "%nA model serves the best checkpoint that was trained under its name, unless it is pinned to a version. "
                        + "A pin lies in the object store beside the alias: every inference service follows it, it outlives restarts, "
                        + "and trainers do not delete what it names.%n",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            ModelListCommand.class,
            ModelShowCommand.class,
            ModelPinCommand.class,
            ModelUnpinCommand.class,
            ModelRollbackCommand.class
        })
final class ModelCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Without a command: what there is. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
