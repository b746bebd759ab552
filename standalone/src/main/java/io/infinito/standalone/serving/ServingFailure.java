package io.infinito.standalone.serving;

/** The inference service or the object store did not give what was asked for. The message is for the user and says what to do. */
public final class ServingFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure that needs no cause to be understood. */
    public ServingFailure(String message) {
        super(message);
    }

    /** A failure with what the client said. */
    public ServingFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
