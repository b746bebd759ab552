package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file on this machine, while it is read.
 *
 * @param release what is to be done when it has been read
 */
record FetchedFile(Path path, Release release) implements AutoCloseable {
    /** Ends the use of a file. */
    @FunctionalInterface
    interface Release {
        void run() throws IOException;
    }

    /** One that stays. */
    static FetchedFile lasting(Path path) {
        return new FetchedFile(path, () -> {});
    }

    /** One that is deleted when it has been read. */
    static FetchedFile temporary(Path path) {
        return new FetchedFile(path, () -> Files.deleteIfExists(path));
    }

    @Override
    public void close() throws IOException {
        release.run();
    }
}
