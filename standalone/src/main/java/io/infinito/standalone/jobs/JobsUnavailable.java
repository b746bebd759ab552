package io.infinito.standalone.jobs;

/** Kafka cannot be reached, or has no such topic or job. The message is for the user and says what to do. */
public final class JobsUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure that needs no cause to be understood. */
    public JobsUnavailable(String message) {
        super(message);
    }

    /** A failure with what the client said. */
    public JobsUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
