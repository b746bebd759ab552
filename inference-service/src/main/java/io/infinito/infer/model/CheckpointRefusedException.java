package io.infinito.infer.model;

import java.util.Locale;

/** A checkpoint that cannot be served, now or later. */
public final class CheckpointRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why; few, so that they can be a metric's tag. */
    public enum Reason {
        /** A part or the manifest is missing or short. */
        TORN,
        /** The content is not what was written: its hash differs. */
        ALTERED,
        /** Written by a newer version. */
        TOO_NEW,
        /** The alias or the pin cannot be read. */
        ALIAS,
        /** A manifest or configuration that cannot be read, or of a network that this version does not compute. */
        UNSUPPORTED,
        /** The tokenizer is not the one of training, or of another size. */
        VOCABULARY,
        /** Tensors that are missing, of other shapes, or that do not give numbers. */
        WEIGHTS;

        /** As metrics and answers have it: {@code too-new}. */
        public String tag() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Reason reason;

    /** A sentence for operators. */
    public CheckpointRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** A sentence for operators, and what was found. */
    public CheckpointRefusedException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    /** The kind of it. */
    public Reason reason() {
        return reason;
    }
}
