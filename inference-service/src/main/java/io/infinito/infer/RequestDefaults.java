package io.infinito.infer;

import io.infinito.infer.sampling.SamplingSettings;

/**
 * What requests are filled in with and bounded by.
 *
 * @param sampling where a request says nothing
 * @param maxNewTokens where a request says nothing
 * @param maxNewTokensLimit the most that a request may ask for
 * @param maxSequences the most that a request may ask for
 */
public record RequestDefaults(SamplingSettings sampling, int maxNewTokens, int maxNewTokensLimit, int maxSequences) {
    /** Checks the bounds; messages carry the configuration's names. */
    public RequestDefaults {
        if (maxNewTokensLimit < 1) {
            throw new IllegalArgumentException(
                    "infinito.inference.max-new-tokens=" + maxNewTokensLimit + " must be at least 1");
        }
        if (maxSequences < 1) {
            throw new IllegalArgumentException(
                    "infinito.inference.max-sequences=" + maxSequences + " must be at least 1");
        }
        if (maxNewTokens < 1 || maxNewTokens > maxNewTokensLimit) {
            throw new IllegalArgumentException("infinito.inference.sampling.max-new-tokens=" + maxNewTokens
                    + " must be from 1 to infinito.inference.max-new-tokens=" + maxNewTokensLimit);
        }
    }
}
