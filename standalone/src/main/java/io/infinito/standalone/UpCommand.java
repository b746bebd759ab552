package io.infinito.standalone;

import io.infinito.standalone.stack.Stack;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito up}: everything on this machine, until Ctrl-C. */
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        header = "Start everything on this machine.",
        description = {
            "%nStarts a Kafka broker, an S3 server and the four services as processes that listen on loopback, waits until all are "
                    + "ready, and stops them on Ctrl-C or when one of them dies. What was trained is kept in the data directory.%n"
        })
final class UpCommand implements Callable<Integer> {
    @Mixin
    private StackOptions stackOptions;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() throws InterruptedException {
        try (Stack stack = stackOptions.start(output)) {
            output.terminal().say("Everything is up. Ctrl-C stops it.");
            throw new CommandFailure(stack.awaitDeath());
        }
    }
}
