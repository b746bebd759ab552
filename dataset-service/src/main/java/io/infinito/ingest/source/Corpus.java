package io.infinito.ingest.source;

import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/** The text of a source, by split. */
public final class Corpus {
    private final String fingerprint;
    private final RowConvention convention;
    private final OptionalLong totalBytes;
    private final Reading reading;

    /** Hands on every run of every row with its split. */
    @FunctionalInterface
    interface Reading {
        void run(BiConsumer<Split, TextRun> sink) throws IOException;
    }

    /**
     * A corpus that is not read yet.
     *
     * @param fingerprint differs whenever the rows of a split may differ
     */
    Corpus(String fingerprint, RowConvention convention, OptionalLong totalBytes, Reading reading) {
        this.fingerprint = fingerprint;
        this.convention = convention;
        this.totalBytes = totalBytes;
        this.reading = reading;
    }

    /** How its rows become text. */
    public RowConvention convention() {
        return convention;
    }

    /** Equal identities mean equal text in equal splits. It is known without reading the source, or from an earlier reading. */
    public String identity() {
        return fingerprint + "\n" + convention;
    }

    /** How much text it has, in bytes; roughly, and only where the source says so without being read. */
    public OptionalLong totalBytes() {
        return totalBytes;
    }

    /**
     * Hands on every row with its split, split after split, for {@link SplitText#add}.
     *
     * @throws IOException if the source cannot be read
     * @throws SourceException if it is not what it should be
     */
    public void read(BiConsumer<Split, TextRun> sink) throws IOException {
        reading.run(sink);
    }
}
