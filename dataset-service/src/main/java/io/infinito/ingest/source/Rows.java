package io.infinito.ingest.source;

import java.io.IOException;

/** The rows of a file, read one after the other without holding all of them. */
interface Rows {
    /** Takes rows. */
    @FunctionalInterface
    interface Sink {
        /**
         * The next run.
         *
         * @param position of its row, from 0 and below {@link Rows#extent}
         */
        void accept(long position, TextRun run);
    }

    /**
     * Hands on every row in order.
     *
     * @throws IOException if the file cannot be read
     * @throws SourceException if it is not what it should be
     */
    void forEach(Sink sink) throws IOException;

    /**
     * How far positions go. May cost as much as reading and unpacking the file.
     *
     * @throws IOException if the file cannot be read
     * @throws SourceException if it is not what it should be
     */
    long extent() throws IOException;
}
