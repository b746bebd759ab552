package io.infinito.dataset;

/** A dataset cannot be had as its manifest says. The message names what is wrong and says what to do. */
public abstract class DatasetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DatasetException(String message) {
        super(message);
    }
}
