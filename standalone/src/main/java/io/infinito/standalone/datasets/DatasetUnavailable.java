package io.infinito.standalone.datasets;

/** There is no such dataset, or its tokens cannot be shown. The message is for the user and says what to do. */
public final class DatasetUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure that needs no cause to be understood. */
    public DatasetUnavailable(String message) {
        super(message);
    }
}
