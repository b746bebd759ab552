package io.infinito.infer.engine;

import io.infinito.infer.sampling.SamplingSettings;
import java.util.OptionalInt;

/**
 * One sequence that a client asked for, with every default filled in.
 *
 * @param promptIds at least one token
 * @param sampling how tokens are chosen
 * @param seed of the draws
 * @param stopping when it ends
 * @param logprobs how many of the likeliest tokens are told with each one; empty: not even its own probability
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record GenerationRequest(
        int[] promptIds, SamplingSettings sampling, long seed, Stopping stopping, OptionalInt logprobs) {
    /** Checks the prompt. */
    public GenerationRequest {
        if (promptIds.length == 0) {
            throw new IllegalArgumentException("prompt has no tokens; give at least one");
        }
    }

    /** The same with another seed. */
    public GenerationRequest withSeed(long newSeed) {
        return new GenerationRequest(promptIds, sampling, newSeed, stopping, logprobs);
    }
}
