package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * The tokens of datasets on local disk: a folder for each, named by the dataset's digest, with one file a split. A folder appears under
 * its name when it is whole, so that a second job on this machine reads no shard again; a damaged one is found when it is opened, and
 * made again. Any number of processes may use it: one of them writes a dataset, the others wait for it.
 */
public final class TokenCache {
    private static final String UNFINISHED = ".part";
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SPLIT = Pattern.compile("[a-z]{1,32}");

    private final Path folder;
    private final ShardReader shards;

    /**
     * A cache.
     *
     * @param folder made when missing
     */
    public TokenCache(Path folder, ShardReader shards) {
        this.folder = folder;
        this.shards = shards;
    }

    /**
     * The tokens of a dataset, which are read from Kafka only if they are not here.
     *
     * @param manifest of a dataset that is ready
     * @param progress is told how far the reading from Kafka is
     * @param stop asked several times a second
     * @return empty if it was asked to stop
     * @throws DatasetMissingException if shards are no longer in Kafka
     * @throws DatasetDamagedException if a shard or a digest is not what it should be
     * @throws UncheckedIOException if the folder cannot be written
     * @throws org.apache.kafka.common.KafkaException if the broker cannot be reached
     */
    public Optional<LocalDataset> open(DatasetManifest manifest, ShardProgress progress, BooleanSupplier stop) {
        requireNames(manifest);
        Path entry = folder.resolve(manifest.getDigest());
        try {
            Optional<LocalDataset> here = CacheEntry.open(entry, manifest);
            if (here.isPresent()) {
                return here;
            }
            Files.createDirectories(folder);
            Optional<CacheLock> lock = CacheLock.await(folder, manifest.getDigest(), stop);
            if (lock.isEmpty()) {
                return Optional.empty();
            }
            try (CacheLock held = lock.get()) {
                // Whoever had the lock may have written it.
                here = CacheEntry.open(entry, manifest);
                if (here.isPresent() || !write(manifest, entry, progress, stop)) {
                    return here;
                }
            }
            Optional<LocalDataset> written = CacheEntry.open(entry, manifest);
            if (written.isEmpty()) {
                throw new IOException("its disk does not give back what was written to it");
            }
            return written;
        } catch (IOException e) {
            throw cannotKeep(e);
        }
    }

    /**
     * Removes a dataset; files that are mapped stay readable for whoever maps them.
     *
     * @param digest of the dataset; nothing happens if it is not here
     * @return whether it was here
     */
    public boolean delete(String digest) {
        Path entry = folder.resolve(digest);
        if (!DIGEST.matcher(digest).matches() || !Files.exists(entry)) {
            return false;
        }
        try (CacheLock held = CacheLock.await(folder, digest, () -> false).orElseThrow()) {
            remove(entry);
            return true;
        } catch (IOException e) {
            throw cannotKeep(e);
        }
    }

    private boolean write(DatasetManifest manifest, Path entry, ShardProgress progress, BooleanSupplier stop)
            throws IOException {
        removeAbandoned(manifest.getDigest());
        Path unfinished = Files.createDirectory(folder.resolve(manifest.getDigest() + UNFINISHED));
        try (ShardSpool spool = new ShardSpool(unfinished)) {
            Optional<List<SplitShards>> splits = shards.read(manifest, spool, progress, stop);
            if (splits.isEmpty()) {
                return false;
            }
            for (SplitShards split : splits.get()) {
                spool.order(split);
            }
            CacheEntry.write(unfinished, manifest);
            if (Files.exists(entry)) {
                remove(entry);
            }
            Files.move(unfinished, entry, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } finally {
            if (Files.exists(unfinished)) {
                deleteAll(unfinished);
            }
        }
    }

    /** What processes left that were killed while they wrote; those that are writing hold their locks. */
    private void removeAbandoned(String ownDigest) throws IOException {
        try (DirectoryStream<Path> leftOvers = Files.newDirectoryStream(folder, "*" + UNFINISHED)) {
            for (Path leftOver : leftOvers) {
                String name = leftOver.getFileName().toString();
                String digest = name.substring(0, name.indexOf('.'));
                if (digest.equals(ownDigest)) {
                    deleteAll(leftOver);
                    continue;
                }
                Optional<CacheLock> lock = CacheLock.await(folder, digest, () -> true);
                if (lock.isPresent()) {
                    try (CacheLock held = lock.get()) {
                        deleteAll(leftOver);
                    }
                }
            }
        }
    }

    /** Takes the folder away under its name at once, so that nobody finds half of it. */
    private void remove(Path entry) throws IOException {
        Path aside = folder.resolve(entry.getFileName() + ".removed" + UNFINISHED);
        if (Files.exists(aside)) {
            deleteAll(aside);
        }
        Files.move(entry, aside, StandardCopyOption.ATOMIC_MOVE);
        deleteAll(aside);
    }

    private static void deleteAll(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** The names come from a topic and become names of files. */
    private static void requireNames(DatasetManifest manifest) {
        if (!DIGEST.matcher(manifest.getDigest()).matches()) {
            throw new IllegalArgumentException("digest='" + manifest.getDigest() + "' of dataset "
                    + manifest.getDatasetId() + " must be 64 hex digits: is it READY?");
        }
        for (SplitManifest split : manifest.getSplitsList()) {
            if (!SPLIT.matcher(split.getName()).matches()) {
                throw new IllegalArgumentException("splits.name='" + split.getName() + "' of dataset "
                        + manifest.getDatasetId() + " must be of lower-case letters");
            }
        }
    }

    private UncheckedIOException cannotKeep(IOException e) {
        return new UncheckedIOException(
                "cannot keep tokens in " + folder + ": " + e + ". Is there space, and may it be written?", e);
    }
}
