package io.infinito.standalone;

import io.infinito.events.ProtoJson;
import io.infinito.standalone.jobs.JobReader;
import io.infinito.standalone.jobs.JobTable;
import io.infinito.training.v1.TrainJobStatus;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito jobs}: all jobs with their latest states. */
@Command(
        name = "jobs",
        mixinStandardHelpOptions = true,
        header = "List all jobs.",
        description = "%nLists every job with its latest state, the one that changed last at the end.%n")
final class JobsCommand implements Callable<Integer> {
    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (JobReader reader = connection.jobTopics().reader()) {
            List<TrainJobStatus> jobs = reader.jobs();
            Terminal terminal = output.terminal();
            if (output.json()) {
                jobs.forEach(job -> terminal.result(ProtoJson.print(job)));
            } else if (jobs.isEmpty()) {
                terminal.say("There are no jobs yet: 'infinito train' submits one.");
            } else {
                JobTable.lines(jobs).forEach(terminal::result);
            }
            return 0;
        }
    }
}
