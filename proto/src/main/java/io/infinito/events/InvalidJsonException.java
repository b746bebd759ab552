package io.infinito.events;

/** A record or body that is not the JSON of the message it should be. The message is a sentence for its author. */
public final class InvalidJsonException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The sentence, and what the parser said. */
    public InvalidJsonException(String message, Throwable cause) {
        super(message, cause);
    }
}
