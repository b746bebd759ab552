package io.infinito.standalone.jobs;

import io.infinito.training.v1.TrainJobStatus;
import java.util.List;
import java.util.stream.Stream;

/** Jobs as rows of a table, for {@code infinito jobs}. */
public final class JobTable {
    private JobTable() {}

    /** The lines of the table; a job that failed is followed by its error. */
    public static List<String> lines(List<TrainJobStatus> jobs) {
        int width = Math.max(
                3, jobs.stream().mapToInt(job -> job.getJobId().length()).max().orElse(0));
        String format = "%-" + width + "s  %-19s  %7s  %13s  %8s  %9s  %s";
        Stream<String> header =
                Stream.of(format.formatted("job", "phase", "epoch", "step", "loss", "best val", "updated"));
        return Stream.concat(header, jobs.stream().flatMap(job -> rows(format, job)))
                .toList();
    }

    private static Stream<String> rows(String format, TrainJobStatus job) {
        String row = format.formatted(
                job.getJobId(),
                job.getPhase(),
                job.getEpochs() == 0 ? "-" : job.getEpoch() + "/" + job.getEpochs(),
                job.getTotalSteps() == 0 ? "-" : job.getStep() + "/" + job.getTotalSteps(),
                positive(job.getLoss()),
                positive(job.getBestValidationLoss()),
                job.getUpdatedAt());
        return job.getError().isEmpty() ? Stream.of(row) : Stream.of(row, "  " + job.getError());
    }

    private static String positive(double loss) {
        return loss > 0 ? Figures.loss(loss) : "-";
    }
}
