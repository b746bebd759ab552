package io.infinito.infer.engine;

/** As many generations run and wait as may. */
public final class EngineFullException extends Exception {
    private static final long serialVersionUID = 1L;

    /** A sentence for the client. */
    public EngineFullException(String message) {
        super(message);
    }
}
