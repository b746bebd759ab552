package io.infinito.ingest;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What a preparation may take.
 *
 * @param shardTokens the most ids of two bytes in a shard; of four bytes it holds half as many
 * @param maxPiecesInFlight pieces that are with the tokenizers at the same time
 * @param shardTimeout how long to wait for the next token shard
 * @param claimTimeout how long a preparation may be silent before another worker takes it over
 * @param progressInterval between two progress events
 * @param workFolder where downloads lie while they are read
 */
public record PreparationLimits(
        int shardTokens,
        int maxPiecesInFlight,
        Duration shardTimeout,
        Duration claimTimeout,
        Duration progressInterval,
        Path workFolder) {
    private static final int MIN_SHARD_TOKENS = 1 << 10;
    private static final int MAX_SHARD_TOKENS = 1 << 28;

    /** Refuses limits that allow nothing. */
    public PreparationLimits {
        if (shardTokens < MIN_SHARD_TOKENS || shardTokens > MAX_SHARD_TOKENS) {
            throw new IllegalArgumentException("infinito.dataset.shard-tokens must be from %d to %d, not %d"
                    .formatted(MIN_SHARD_TOKENS, MAX_SHARD_TOKENS, shardTokens));
        }
        if (maxPiecesInFlight < 1) {
            throw new IllegalArgumentException(
                    "infinito.dataset.max-pieces-in-flight must be at least 1, not " + maxPiecesInFlight);
        }
        checkPositive("shard-timeout", shardTimeout);
        checkPositive("claim-timeout", claimTimeout);
        checkPositive("progress-interval", progressInterval);
        if (claimTimeout.compareTo(progressInterval.multipliedBy(3)) < 0) {
            throw new IllegalArgumentException(
                    "infinito.dataset.claim-timeout must be at least three times infinito.dataset.progress-interval %s, not %s"
                            .formatted(progressInterval, claimTimeout));
        }
    }

    static PreparationLimits of(DatasetConfig config) {
        return new PreparationLimits(
                config.shardTokens(),
                config.maxPiecesInFlight(),
                config.shardTimeout(),
                config.claimTimeout(),
                config.progressInterval(),
                Path.of(config.workFolder().orElse(System.getProperty("java.io.tmpdir"))));
    }

    /** The most bytes of ids in a shard. */
    int shardBytes() {
        return shardTokens * Short.BYTES;
    }

    /**
     * UTF-8 bytes that a piece has at least, the last one excepted: 3.75 an id, somewhat fewer than English has in GPT-2, so that nearly
     * all pieces give one shard and a piece with a default shard fits in the 1 MiB of Kafka's default limit.
     */
    int pieceBytes() {
        return (int) (shardTokens * 15L / 4);
    }

    /** The most UTF-8 bytes of a piece: some room to find a place to cut at. */
    int maxPieceBytes() {
        return pieceBytes() + pieceBytes() / 32;
    }

    private static void checkPositive(String name, Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException("infinito.dataset." + name + " must be more than 0, not " + duration);
        }
    }
}
