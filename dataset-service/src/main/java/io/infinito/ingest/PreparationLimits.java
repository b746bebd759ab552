package io.infinito.ingest;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What a preparation may take.
 *
 * @param maxPiecesInFlight pieces that are with the tokenizers at the same time
 * @param shardTimeout how long to wait for the next token shard
 * @param workFolder where downloads lie while they are read
 */
public record PreparationLimits(int maxPiecesInFlight, Duration shardTimeout, Path workFolder) {
    /** Refuses limits that allow nothing. */
    public PreparationLimits {
        if (maxPiecesInFlight < 1) {
            throw new IllegalArgumentException(
                    "infinito.dataset.max-pieces-in-flight must be at least 1, not " + maxPiecesInFlight);
        }
        if (shardTimeout.isNegative() || shardTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "infinito.dataset.shard-timeout must be more than 0, not " + shardTimeout);
        }
    }

    static PreparationLimits of(DatasetConfig config) {
        return new PreparationLimits(
                config.maxPiecesInFlight(),
                config.shardTimeout(),
                Path.of(config.workFolder().orElse(System.getProperty("java.io.tmpdir"))));
    }
}
