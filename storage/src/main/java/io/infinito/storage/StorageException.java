package io.infinito.storage;

/** The object store could not do what was asked. The message names the bucket, the key and the reason, and is fit for an operator. */
public final class StorageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A failure that no other failure caused. */
    public StorageException(String message) {
        super(message);
    }

    /** A failure with what the client or the file system said. */
    public StorageException(String message, Throwable cause) {
        super(message, cause);
    }
}
