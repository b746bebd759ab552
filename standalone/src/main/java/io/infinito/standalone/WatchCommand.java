package io.infinito.standalone;

import io.infinito.standalone.jobs.JobListener;
import io.infinito.standalone.jobs.JobReader;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito watch}: follow a job. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        header = "Follow a job until it ends.",
        description = "%nShows what has happened to the job and what happens to it, with a row for each epoch. "
                + "The exit code is 0 if the job completes and 1 if it fails, is rejected or is cancelled.%n")
final class WatchCommand implements Callable<Integer> {
    /** A request that was published a moment ago has no state yet. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    @Parameters(paramLabel = "JOB", description = "The job's id.")
    private String jobId;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        Seen seen = new Seen(output.jobListener());
        long end = System.nanoTime() + PATIENCE.toNanos();
        try (JobReader reader = connection.jobTopics().reader()) {
            Optional<TrainJobStatus> last = reader.follow(jobId, seen, () -> seen.something || System.nanoTime() < end);
            return last.map(WatchCommand::exitCode)
                    .orElseThrow(() -> new CommandFailure("there is no job '" + jobId
                            + "', or no trainer has taken it yet: 'infinito jobs' lists the jobs"));
        }
    }

    static int exitCode(TrainJobStatus last) {
        return last.getPhase() == TrainJobStatus.Phase.COMPLETED ? 0 : 1;
    }

    private static final class Seen implements JobListener {
        private final JobListener listener;
        private boolean something;

        Seen(JobListener listener) {
            this.listener = listener;
        }

        @Override
        public void status(TrainJobStatus status) {
            something = true;
            listener.status(status);
        }

        @Override
        public void epoch(EpochCompleted epoch) {
            something = true;
            listener.epoch(epoch);
        }
    }
}
