package io.infinito.infer;

/** The model that a request names is not served, or none is loaded yet. */
final class ModelUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean known;

    /**
     * A sentence for the client.
     *
     * @param known whether the model would be served if it were loaded
     */
    ModelUnavailableException(String message, boolean known) {
        super(message);
        this.known = known;
    }

    /** Whether the model would be served if it were loaded. */
    boolean known() {
        return known;
    }
}
