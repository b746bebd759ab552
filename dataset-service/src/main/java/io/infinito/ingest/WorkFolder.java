package io.infinito.ingest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A folder for the downloads of one preparation; it goes with all its files.
 *
 * @param path existing
 */
record WorkFolder(Path path) implements AutoCloseable {
    /** A new folder in another one, which is made when it is missing. */
    static WorkFolder in(Path parent) throws IOException {
        Files.createDirectories(parent);
        return new WorkFolder(Files.createTempDirectory(parent, "infinito-dataset-"));
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
