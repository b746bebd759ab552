package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetProgress;
import java.time.Duration;
import java.util.OptionalLong;

/** How far a preparation is: counted by the thread that works, read by the one that tells. */
final class Progress {
    private static final double SECOND = Duration.ofSeconds(1).toNanos();

    private final long start = System.nanoTime();
    private final OptionalLong totalBytes;
    private volatile Counts counts = new Counts(0, 0, 0);

    /**
     * Begins now.
     *
     * @param totalBytes of text, where it is known
     */
    Progress(OptionalLong totalBytes) {
        this.totalBytes = totalBytes;
    }

    /** What has been read, and what has been tokenized of it. */
    void reached(long rows, long bytes, long tokens) {
        counts = new Counts(rows, bytes, tokens);
    }

    DatasetProgress now() {
        Counts reached = counts;
        double bytesPerSecond = reached.bytes / Math.max(1e-3, (System.nanoTime() - start) / SECOND);
        DatasetProgress.Builder progress = DatasetProgress.newBuilder()
                .setRows(reached.rows)
                .setBytes(reached.bytes)
                .setTokens(reached.tokens)
                .setBytesPerSecond(bytesPerSecond);
        totalBytes.ifPresent(total -> {
            progress.setTotalBytes(total);
            if (bytesPerSecond > 0) {
                progress.setEtaSeconds(Math.max(0, total - reached.bytes) / bytesPerSecond);
            }
        });
        return progress.build();
    }

    private record Counts(long rows, long bytes, long tokens) {}
}
