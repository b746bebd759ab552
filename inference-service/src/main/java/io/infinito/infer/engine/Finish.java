package io.infinito.infer.engine;

import java.util.OptionalInt;

/**
 * How a generation ended by itself.
 *
 * @param reason why
 * @param stopString the one that appeared; empty for other reasons
 * @param stopTokenId the one that was sampled, if it was the reason
 * @param promptTokens that were read
 * @param completionTokens that were sampled
 * @param timing of the whole
 */
public record Finish(
        Reason reason,
        String stopString,
        OptionalInt stopTokenId,
        int promptTokens,
        int completionTokens,
        Timing timing) {
    /** Why a generation ended. */
    public enum Reason {
        /** As many tokens as were asked for. */
        LENGTH,
        /** A stop string appeared, or a stop token was sampled. */
        STOP,
        /** The end-of-text token was sampled. */
        EOS,
        /** Its time limit passed. */
        TIME
    }
}
