package io.infinito.standalone.jobs;

import io.infinito.training.v1.TrainJobStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A job's state as one line. */
final class ProgressLine {
    private static final int USUAL_BAR = 24;
    private static final int NARROW_BAR = 10;

    private ProgressLine() {}

    /** All of it. */
    static String of(TrainJobStatus status) {
        return of(status, Integer.MAX_VALUE);
    }

    /** As much as fits into {@code columns}: the figures that matter less are left out first. */
    static String of(TrainJobStatus status, int columns) {
        return switch (status.getPhase()) {
            case RUNNING -> running(status, columns);
            case ACCEPTED -> "accepted";
            case WAITING_FOR_DATASET -> "waiting for the dataset";
            case COMPLETED -> "completed after " + status.getStep() + " steps";
            case CANCELLED -> "cancelled after " + status.getStep() + " steps";
            case FAILED -> "failed: " + status.getError();
            case REJECTED -> "rejected: " + status.getError();
            case PHASE_UNSPECIFIED, UNRECOGNIZED -> "in an unknown phase";
        };
    }

    private static String running(TrainJobStatus status, int columns) {
        String percent = String.format(Locale.ROOT, " %5.1f %%", status.getPercent());
        List<String> figures = new ArrayList<>();
        figures.add("epoch " + status.getEpoch() + "/" + status.getEpochs());
        figures.add("step " + status.getStep() + "/" + status.getTotalSteps());
        if (status.getLoss() > 0) {
            figures.add(String.format(Locale.ROOT, "loss %.3f", status.getLoss()));
        }
        if (status.getTokensPerSecond() > 0) {
            figures.add(Figures.count(status.getTokensPerSecond()) + " tok/s");
        }
        if (status.hasMfu()) {
            figures.add(String.format(Locale.ROOT, "MFU %.0f %%", status.getMfu() * 100));
        }
        if (status.getTokensPerSecond() > 0) {
            figures.add("ETA " + Figures.duration(status.getEtaSeconds()));
        }
        String line = "training " + bar(status.getPercent(), USUAL_BAR) + percent + "  " + String.join("  ", figures);
        if (line.length() < columns) {
            return line;
        }
        // Epoch, step and speed are in the table or can be guessed; loss and ETA cannot.
        for (String lesser : List.of("MFU", "step", "tok/s", "epoch", "ETA", "loss")) {
            line = (bar(status.getPercent(), NARROW_BAR) + percent + "  " + String.join("  ", figures)).stripTrailing();
            if (line.length() < columns) {
                return line;
            }
            figures.removeIf(figure -> figure.contains(lesser));
        }
        line = bar(status.getPercent(), NARROW_BAR) + percent;
        return line.length() < columns ? line : percent.strip();
    }

    private static String bar(double percent, int width) {
        int full = (int) Math.floor(Math.max(0, Math.min(100, percent)) * width / 100);
        return "[" + "#".repeat(full) + "-".repeat(width - full) + "]";
    }
}
