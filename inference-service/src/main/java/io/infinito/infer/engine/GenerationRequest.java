package io.infinito.infer.engine;

import io.infinito.infer.sampling.SamplingSettings;
import java.util.List;

/**
 * What one client asked for, with every default filled in.
 *
 * @param promptIds at least one token
 * @param sampling how tokens are chosen
 * @param seed of the draws
 * @param maxNewTokens at least 1
 * @param stop at most {@value #MAX_STOP_STRINGS} strings, none empty
 * @param ignoreEos go on after the end-of-text token
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record GenerationRequest(
        int[] promptIds, SamplingSettings sampling, long seed, int maxNewTokens, List<String> stop, boolean ignoreEos) {
    /** What a request gets that says nothing, as the contract states it. */
    public static final int DEFAULT_MAX_NEW_TOKENS = 128;
    /** More stop strings are refused: each is looked for at each token. */
    public static final int MAX_STOP_STRINGS = 16;

    /** Checks every value; messages carry the names of the contract. */
    public GenerationRequest {
        if (promptIds.length == 0) {
            throw new IllegalArgumentException("prompt has no tokens; give at least one");
        }
        if (maxNewTokens < 1) {
            throw new IllegalArgumentException("stopping.max_new_tokens=" + maxNewTokens + " must be at least 1");
        }
        if (stop.size() > MAX_STOP_STRINGS) {
            throw new IllegalArgumentException(
                    "stopping.stop has " + stop.size() + " strings, at most " + MAX_STOP_STRINGS + " are allowed");
        }
        if (stop.contains("")) {
            throw new IllegalArgumentException(
                    "stopping.stop[" + stop.indexOf("") + "] is empty; every text would end at once");
        }
        stop = List.copyOf(stop);
    }
}
