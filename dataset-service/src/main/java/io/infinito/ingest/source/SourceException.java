package io.infinito.ingest.source;

/** A source that no dataset can be made of. The message is a sentence for whoever asked: it names the field and what was expected. */
public final class SourceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public SourceException(String message) {
        super(message);
    }

    /** Says why, and what was seen. */
    public SourceException(String message, Throwable cause) {
        super(message, cause);
    }
}
