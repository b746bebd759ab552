package io.infinito.standalone.stack;

/** The processes cannot be started, or one of them died. The message is for the user and says what to do. */
public final class StackFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure that needs no cause to be understood. */
    public StackFailure(String message) {
        super(message);
    }

    /** A failure with what the system said. */
    public StackFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
