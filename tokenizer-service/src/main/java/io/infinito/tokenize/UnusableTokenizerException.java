package io.infinito.tokenize;

/** A tokenizer that is not there, cannot be loaded, or cannot do what is asked of it. The message names the field and the value. */
public final class UnusableTokenizerException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    UnusableTokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
