package io.infinito.standalone;

import io.infinito.dataset.DatasetException;
import io.infinito.standalone.datasets.DatasetUnavailable;
import io.infinito.standalone.jobs.JobsUnavailable;
import io.infinito.standalone.serving.ServingFailure;
import io.infinito.standalone.stack.StackFailure;
import io.infinito.storage.StorageException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The program {@code infinito}. */
@Command(
        name = "infinito",
        version = "infinito 0.1.0-SNAPSHOT",
        mixinStandardHelpOptions = true,
        header = "Trains a GPT-style language model on your own text and serves it.",
        description =
                "%nThe first thing to try is @|bold infinito quickstart|@. @|bold infinito up|@ starts everything on this machine; "
                        + "the other commands talk to an installation wherever it is, by default to that one.",
        commandListHeading = "%nCommands:%n",
        footer = "%nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.%n"
                + "Every command explains itself with --help.",
        subcommands = {
            QuickstartCommand.class,
            UpCommand.class,
            TrainCommand.class,
            WatchCommand.class,
            JobsCommand.class,
            DatasetCommand.class,
            CancelCommand.class,
            GenerateCommand.class,
            ExportCommand.class,
            ModelCommand.class,
            BenchCommand.class,
            CompletionCommand.class
        })
public final class Infinito implements Runnable {
    @Spec
    private CommandSpec spec;

    private Infinito() {}

    /** Runs one command and ends with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Infinito())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Infinito::explainUsage)
                .setExecutionExceptionHandler(Infinito::explainFailure);
    }

    /** Without a command: what there is. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int explainUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        command.getErr().println(command.getCommandName() + ": " + e.getMessage());
        command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        command.getErr().flush();
        return CommandLine.ExitCode.USAGE;
    }

    private static int explainFailure(Exception e, CommandLine command, ParseResult parsed) {
        if (e instanceof IllegalArgumentException) {
            return explainUsage(new ParameterException(command, e.getMessage(), e), new String[0]);
        }
        boolean expected = e instanceof CommandFailure
                || e instanceof StackFailure
                || e instanceof JobsUnavailable
                || e instanceof ServingFailure
                || e instanceof StorageException
                || e instanceof DatasetUnavailable
                || e instanceof DatasetException
                || e instanceof KafkaException
                || e instanceof UncheckedIOException;
        command.getErr().println("infinito: " + (expected ? e.getMessage() : "unexpected failure: " + e));
        if (System.getenv("INFINITO_DEBUG") != null) {
            e.printStackTrace(command.getErr());
        } else if (!expected) {
            command.getErr().println("Set INFINITO_DEBUG=1 to see where it comes from.");
        }
        command.getErr().flush();
        return CommandLine.ExitCode.SOFTWARE;
    }
}
