package io.infinito.infer.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** A directory with one folder for each downloaded checkpoint, named by its manifest's hash, so that a restart need not download again. */
public final class CheckpointCache {
    private static final Logger LOG = Logger.getLogger(CheckpointCache.class);

    private final Path directory;

    /** Keeps checkpoints of one model name in {@code directory}, which is made when it is first needed. */
    public CheckpointCache(Path directory) {
        this.directory = directory;
    }

    /** Where the files of a checkpoint belong. */
    Path folder(String manifestSha256) {
        return directory.resolve(manifestSha256);
    }

    /** Deletes all but these checkpoints. Models that are loaded from them go on: their mapped files exist until they are unmapped. */
    void keepOnly(Set<String> manifestSha256s) {
        try (Stream<Path> folders = Files.list(directory)) {
            folders.filter(folder ->
                            !manifestSha256s.contains(folder.getFileName().toString()))
                    .forEach(CheckpointCache::delete);
        } catch (IOException | UncheckedIOException e) {
            LOG.warnf("cannot tidy infinito.inference.cache-directory=%s: %s", directory, e.getMessage());
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> tree = Files.walk(folder)) {
            List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
