package io.infinito.infer.engine;

import java.time.Duration;

/** As many generations run and wait as may. */
public final class EngineFullException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    /**
     * A sentence for the client.
     *
     * @param retryAfter when it is worth another try
     */
    public EngineFullException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    /** When it is worth another try; longer than 0. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
