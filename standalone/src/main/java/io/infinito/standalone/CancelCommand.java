package io.infinito.standalone;

import io.infinito.events.ProtoJson;
import io.infinito.training.v1.TrainCommand;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito cancel}: ask the trainers to give a job up. */
@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        header = "Cancel a job.",
        description = "%nAsks the trainers to end the job; its checkpoints are kept. "
                + "'infinito watch' shows when it has been cancelled.%n")
final class CancelCommand implements Callable<Integer> {
    @Parameters(paramLabel = "JOB", description = "The job's id.")
    private String jobId;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        TrainCommand command = connection.jobTopics().cancel(jobId);
        if (output.json()) {
            output.terminal().result(ProtoJson.print(command));
        } else {
            output.terminal().say("The trainers are asked to cancel " + jobId + ".");
        }
        return 0;
    }
}
