package io.infinito.ingest.source;

/** How rows become text. */
public enum RowConvention {
    /** Rows are lines with their ends, and stay as they are. */
    AS_WRITTEN,
    /**
     * Blank rows are dropped and the others joined with a line feed. This is how the figures that are published for WikiText come
     * about: a row is a line with its end, so that there are two line feeds between paragraphs.
     */
    JOINED
}
