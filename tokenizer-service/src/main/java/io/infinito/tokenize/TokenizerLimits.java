package io.infinito.tokenize;

/**
 * What the service allows itself and its callers.
 *
 * @param workers pieces that are tokenized at the same time
 * @param maxTextLength of Encode and Count, in UTF-16 units
 * @param maxIds of Decode
 */
public record TokenizerLimits(int workers, int maxTextLength, int maxIds) {
    /** Refuses limits that allow nothing. */
    public TokenizerLimits {
        requirePositive("infinito.tokenizer.workers", workers);
        requirePositive("infinito.tokenizer.max-text-length", maxTextLength);
        requirePositive("infinito.tokenizer.max-ids", maxIds);
    }

    static TokenizerLimits of(TokenizerConfig config) {
        return new TokenizerLimits(
                config.workers().orElse(Runtime.getRuntime().availableProcessors()),
                config.maxTextLength(),
                config.maxIds());
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, not " + value);
        }
    }
}
