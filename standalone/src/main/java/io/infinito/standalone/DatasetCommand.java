package io.infinito.standalone;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code infinito dataset}: everything about datasets. */
@Command(
        name = "dataset",
        mixinStandardHelpOptions = true,
        header = "Prepare, list, look into, verify and delete datasets.",
        description =
                "%nA dataset is a text that was made into tokens. It is prepared once, and every job with the same source, "
                        + "split and tokenizer uses it. Each command explains itself: infinito dataset prepare --help.%n",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            DatasetPrepareCommand.class,
            DatasetListCommand.class,
            DatasetShowCommand.class,
            DatasetHeadCommand.class,
            DatasetVerifyCommand.class,
            DatasetDeleteCommand.class
        })
final class DatasetCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Without a command: what there is. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
