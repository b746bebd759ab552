package io.infinito.standalone.jobs;

import io.infinito.training.v1.TrainJobStatus;
import java.util.Locale;

/** A job's state as one line. */
final class ProgressLine {
    private static final int BAR = 24;

    private ProgressLine() {}

    static String of(TrainJobStatus status) {
        return switch (status.getPhase()) {
            case RUNNING -> running(status);
            case ACCEPTED -> "accepted";
            case WAITING_FOR_DATASET -> "waiting for the dataset";
            case COMPLETED -> "completed after " + status.getStep() + " steps";
            case CANCELLED -> "cancelled after " + status.getStep() + " steps";
            case FAILED -> "failed: " + status.getError();
            case REJECTED -> "rejected: " + status.getError();
            case PHASE_UNSPECIFIED, UNRECOGNIZED -> "in an unknown phase";
        };
    }

    private static String running(TrainJobStatus status) {
        StringBuilder line = new StringBuilder("training ").append(bar(status.getPercent()));
        line.append(String.format(Locale.ROOT, " %5.1f %%", status.getPercent()));
        line.append("  epoch ").append(status.getEpoch()).append('/').append(status.getEpochs());
        line.append("  step ").append(status.getStep()).append('/').append(status.getTotalSteps());
        if (status.getLoss() > 0) {
            line.append(String.format(Locale.ROOT, "  loss %.3f", status.getLoss()));
        }
        if (status.getTokensPerSecond() > 0) {
            line.append("  ").append(Figures.count(status.getTokensPerSecond())).append(" tok/s");
            line.append("  ETA ").append(Figures.duration(status.getEtaSeconds()));
        }
        return line.toString();
    }

    private static String bar(double percent) {
        int full = (int) Math.floor(Math.max(0, Math.min(100, percent)) * BAR / 100);
        return "[" + "#".repeat(full) + "-".repeat(BAR - full) + "]";
    }
}
