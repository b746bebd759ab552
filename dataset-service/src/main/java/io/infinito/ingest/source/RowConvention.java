package io.infinito.ingest.source;

/**
 * How rows become text.
 *
 * @param joined Whether blank rows are dropped and {@code between} is put between the others. If not, rows are lines with their ends and
 *     stay as they are.
 * @param between two rows that are joined, or two documents whose lines stay as they are
 */
public record RowConvention(boolean joined, String between) {
    /** Lines stay as they are. A file without a last line end gets one where another file follows. */
    public static final RowConvention AS_WRITTEN = new RowConvention(false, "");
    /**
     * Rows are joined with a line feed. This is how the figures that are published for WikiText come about: a row is a line with its end,
     * so that there are two line feeds between paragraphs.
     */
    public static final RowConvention JOINED = new RowConvention(true, "\n");

    /** For identities: stays what it is as long as texts do. */
    @Override
    public String toString() {
        return (joined ? "JOINED " : "AS_WRITTEN ") + between.length() + " " + between;
    }
}
