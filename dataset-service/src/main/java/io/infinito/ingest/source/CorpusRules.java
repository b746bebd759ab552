package io.infinito.ingest.source;

/**
 * How text is taken from a source.
 *
 * @param splits which text is for what
 * @param textField field of JSON lines, or column of Parquet files, that holds the text
 * @param documentSeparator put between two documents; empty: nothing
 * @param encodingErrors what becomes of bytes that are not UTF-8
 */
public record CorpusRules(
        SplitRules splits, String textField, String documentSeparator, EncodingErrors encodingErrors) {
    /** What {@link #textField} is where a request does not say it. */
    public static final String DEFAULT_TEXT_FIELD = "text";
    /** No rule but the defaults. */
    public static final CorpusRules DEFAULT =
            new CorpusRules(SplitRules.DEFAULT, DEFAULT_TEXT_FIELD, "", EncodingErrors.REFUSE);

    private static final int MAX_SEPARATOR_LENGTH = 1000;

    /** Checks every value; messages carry the specification's names. */
    public CorpusRules {
        if (textField.isBlank()) {
            throw new SourceException(
                    "dataset.textField must be the name of a field or column, not \"" + textField + "\"");
        }
        if (documentSeparator.length() > MAX_SEPARATOR_LENGTH) {
            throw new SourceException("dataset.documentSeparator must have at most %d characters, not %d"
                    .formatted(MAX_SEPARATOR_LENGTH, documentSeparator.length()));
        }
    }

    /** These rules with others for splits. */
    public CorpusRules withSplits(SplitRules other) {
        return new CorpusRules(other, textField, documentSeparator, encodingErrors);
    }
}
