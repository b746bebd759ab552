package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Files that are fetched once. Beside each lies its hash, against which it is checked whenever it is used: what is damaged or cut off is
 * fetched again. Several threads and processes may use a folder at the same time; the first of them fetches.
 *
 * @param folder made when it is missing
 */
record DownloadCache(Path folder) {
    /** A file lock is for a process; threads of one would be refused it instead of waiting. */
    private static final ConcurrentMap<Path, Object> THREAD_LOCKS = new ConcurrentHashMap<>();

    /** Fetches a file to a path. */
    @FunctionalInterface
    interface Download {
        void to(Path file) throws IOException;
    }

    /**
     * The file of a name, fetched if need be.
     *
     * @param name a relative path
     * @throws IOException if the folder cannot be written
     * @throws SourceException if the name leads out of the folder, or as the download
     */
    Path file(String name, Expected expected, Download download) throws IOException {
        Path root = folder.toAbsolutePath().normalize();
        Path file = root.resolve(name).normalize();
        if (!file.startsWith(root) || file.equals(root)) {
            throw new SourceException("dataset.source: \"" + name + "\" cannot be a file of the cache");
        }
        Files.createDirectories(file.getParent());
        Path lock = sibling(file, ".lock");
        synchronized (THREAD_LOCKS.computeIfAbsent(lock, path -> new Object())) {
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock held = channel.lock()) {
                if (!held.isValid() || !isSound(file, expected)) {
                    fetch(file, download);
                }
                return file;
            }
        }
    }

    private static void fetch(Path file, Download download) throws IOException {
        Path hash = sibling(file, ".sha256");
        Files.deleteIfExists(hash);
        Files.deleteIfExists(file);
        download.to(file);
        // Last: without it the file is not trusted.
        Path partial = sibling(file, ".sha256.part");
        Files.writeString(partial, FileHash.of(file));
        Files.move(partial, hash);
    }

    private static boolean isSound(Path file, Expected expected) throws IOException {
        try {
            if (expected.size() >= 0 && Files.size(file) != expected.size()) {
                return false;
            }
            String hash = Files.readString(sibling(file, ".sha256"));
            return (expected.sha256().isEmpty() || hash.equals(expected.sha256())) && hash.equals(FileHash.of(file));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static Path sibling(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }
}
