package io.infinito.ingest.source;

import java.io.IOException;

/** A file of a source, wherever it lies. */
interface SourceFile {
    /** Below the source's folder, with slashes. Its name says what the file is. */
    String path();

    /** In bytes as it is stored; negative where that is not known. */
    long size();

    /**
     * Differs whenever the content may differ.
     *
     * @throws IOException if it has to be read for that, and cannot be
     */
    String identity() throws IOException;

    /**
     * Brings it here.
     *
     * @throws IOException if it cannot be written here
     * @throws SourceException if it cannot be had, or is not what {@link #identity} was of any more
     */
    FetchedFile fetch() throws IOException;
}
