package io.infinito.ingest;

/** A preparation that could not be completed though its source was fine. The message is a sentence for whoever asked. */
public final class PreparationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public PreparationException(String message) {
        super(message);
    }

    /** Says why, and what was seen. */
    public PreparationException(String message, Throwable cause) {
        super(message, cause);
    }
}
