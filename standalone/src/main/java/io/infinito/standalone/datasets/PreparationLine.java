package io.infinito.standalone.datasets;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetProgress;
import io.infinito.standalone.jobs.Figures;
import java.util.Locale;

/** How far a preparation is, as one line. */
public final class PreparationLine {
    private static final double MEGABYTE = 1e6;

    private PreparationLine() {}

    /** Rows, megabytes of text, tokens, megabytes a second and the time that remains, as far as they are known. */
    public static String of(DatasetManifest manifest) {
        DatasetProgress progress = manifest.getProgress();
        StringBuilder line = new StringBuilder("preparing  ");
        line.append(Figures.count(progress.getRows())).append(" rows  ").append(megabytes(progress.getBytes()));
        if (progress.getTotalBytes() > 0) {
            line.append(" of ").append(megabytes(progress.getTotalBytes()));
            line.append(String.format(
                    Locale.ROOT, " (%.1f %%)", Math.min(100, 100.0 * progress.getBytes() / progress.getTotalBytes())));
        }
        line.append("  ").append(Figures.count(progress.getTokens())).append(" tokens");
        if (progress.getBytesPerSecond() > 0) {
            line.append("  ")
                    .append(megabytes(Math.round(progress.getBytesPerSecond())))
                    .append("/s");
        }
        if (progress.hasEtaSeconds()) {
            line.append("  ETA ").append(Figures.duration(progress.getEtaSeconds()));
        }
        return line.toString();
    }

    /** With one decimal. */
    public static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / MEGABYTE);
    }
}
