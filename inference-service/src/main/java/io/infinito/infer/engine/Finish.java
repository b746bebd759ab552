package io.infinito.infer.engine;

/**
 * How a generation ended by itself.
 *
 * @param reason why
 * @param stopString the one that appeared; empty for other reasons
 * @param promptTokens that were read
 * @param completionTokens that were sampled
 */
public record Finish(Reason reason, String stopString, int promptTokens, int completionTokens) {
    /** Why a generation ended. */
    public enum Reason {
        /** As many tokens as were asked for. */
        LENGTH,
        /** A stop string appeared. */
        STOP,
        /** The end-of-text token was sampled. */
        EOS
    }
}
