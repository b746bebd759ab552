package io.infinito.standalone;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code infinito bench}: how fast this machine is. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        header = "Measure how fast this machine is.",
        description = "%nBenchmarks that need no installation. Run them on a machine that does nothing else.%n",
        commandListHeading = "%nCommands:%n",
        subcommands = {BenchTrainCommand.class, BenchGenerateCommand.class})
final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Without a command: what there is. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
