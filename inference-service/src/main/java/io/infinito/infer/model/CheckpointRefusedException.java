package io.infinito.infer.model;

/** A checkpoint that cannot be served, now or later: torn, altered, too new, or not the network and vocabulary it says. */
public final class CheckpointRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** A sentence for operators. */
    public CheckpointRefusedException(String message) {
        super(message);
    }

    /** A sentence for operators, and what was found. */
    public CheckpointRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
