package io.infinito.ingest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * A folder for the downloads of one preparation; it goes with all its files. A process that is killed leaves its folders behind, without
 * the lock that a living one holds: the next one removes them.
 *
 * @param path existing
 * @param lock held for as long as the folder is in use
 */
record WorkFolder(Path path, FileChannel lock) implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(WorkFolder.class);
    private static final String PREFIX = "infinito-dataset-";
    private static final String LOCK = ".lock";

    /** A new folder in another one, which is made when it is missing. */
    static synchronized WorkFolder in(Path parent) throws IOException {
        Files.createDirectories(parent);
        removeAbandoned(parent);
        Path path = parent.resolve(PREFIX + UUID.randomUUID());
        // Locked before it is there: nobody takes it for abandoned.
        FileChannel lock = FileChannel.open(lockOf(path), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock.lock();
        Files.createDirectory(path);
        return new WorkFolder(path, lock);
    }

    @Override
    public void close() throws IOException {
        delete(path);
        Files.deleteIfExists(lockOf(path));
        lock.close();
    }

    private static void removeAbandoned(Path parent) throws IOException {
        try (DirectoryStream<Path> locks = Files.newDirectoryStream(parent, PREFIX + "*" + LOCK)) {
            for (Path file : locks) {
                removeAbandoned(
                        file, parent.resolve(file.getFileName().toString().replaceFirst("\\.lock$", "")));
            }
        }
    }

    private static void removeAbandoned(Path lockFile, Path folder) {
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                delete(folder);
                Files.deleteIfExists(lockFile);
            }
        } catch (OverlappingFileLockException e) {
            // Another preparation of this process works in it.
        } catch (IOException e) {
            LOG.debugf("%s is left as it is: %s", folder, e);
        }
    }

    private static Path lockOf(Path folder) {
        return folder.resolveSibling(folder.getFileName() + LOCK);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
