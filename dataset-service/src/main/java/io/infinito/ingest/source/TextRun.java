package io.infinito.ingest.source;

/**
 * A row of text, or a part of a row that is too long to be held at once.
 *
 * @param startsDocument whether a document begins with it
 * @param endsRow whether the row ends with it
 */
public record TextRun(String text, boolean startsDocument, boolean endsRow) {}
