package io.infinito.dataset;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code dataset.json} says of the token files beside it. It is written last: without it there is no entry.
 *
 * @param digest of the dataset
 * @param idWidth bytes an id, 2 or 4
 * @param splits in the manifest's order
 */
record CacheEntry(String digest, int idWidth, List<Split> splits) {
    /**
     * One token file.
     *
     * @param crc32c of its content
     */
    record Split(String name, long tokens, String crc32c) {}

    private static final System.Logger LOG = System.getLogger(CacheEntry.class.getName());
    private static final String FILE = "dataset.json";
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    static Path tokens(Path folder, String split) {
        return folder.resolve(split + ".bin");
    }

    /** Writes the token files' description once they are complete. */
    static void write(Path folder, DatasetManifest manifest) throws IOException {
        List<Split> splits = new ArrayList<>();
        for (SplitManifest split : manifest.getSplitsList()) {
            splits.add(new Split(split.getName(), split.getTokens(), FileChecksum.of(tokens(folder, split.getName()))));
        }
        // The disk is not forced: what a power cut takes away is found by size and checksum.
        Files.writeString(
                folder.resolve(FILE),
                GSON.toJson(new CacheEntry(manifest.getDigest(), ShardReader.idWidth(manifest), splits)));
    }

    /** The dataset that lies in a folder; empty if there is none, or a damaged one. */
    static Optional<LocalDataset> open(Path folder, DatasetManifest manifest) {
        try {
            CacheEntry entry = GSON.fromJson(Files.readString(folder.resolve(FILE)), CacheEntry.class);
            if (entry == null || !entry.describes(manifest)) {
                throw new IOException(FILE + " is of another dataset");
            }
            Map<String, TokenFile> files = new LinkedHashMap<>();
            for (Split split : entry.splits) {
                files.put(split.name, open(tokens(folder, split.name), entry.idWidth, split));
            }
            return Optional.of(new LocalDataset(manifest, files));
        } catch (NoSuchFileException e) {
            if (Files.exists(folder)) {
                LOG.log(System.Logger.Level.WARNING, "{0} is missing: its dataset is read again", e.getMessage());
            }
            return Optional.empty();
        } catch (IOException | JsonParseException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}: {1}; its dataset is read again", folder, e.getMessage());
            return Optional.empty();
        }
    }

    private boolean describes(DatasetManifest manifest) {
        List<String> own = new ArrayList<>();
        if (splits != null) {
            splits.forEach(split -> own.add(split.name + " " + split.tokens));
        }
        return manifest.getDigest().equals(digest)
                && ShardReader.idWidth(manifest) == idWidth
                && own.equals(manifest.getSplitsList().stream()
                        .map(split -> split.getName() + " " + split.getTokens())
                        .toList());
    }

    private static TokenFile open(Path file, int idWidth, Split split) throws IOException {
        long size = Files.size(file);
        if (size != split.tokens * idWidth) {
            throw new IOException(file.getFileName() + " has " + size + " bytes, not " + split.tokens * idWidth);
        }
        String checksum = FileChecksum.of(file);
        if (!checksum.equals(split.crc32c)) {
            throw new IOException(file.getFileName() + " has the CRC-32C " + checksum + ", not " + split.crc32c);
        }
        return TokenFile.map(file, idWidth);
    }
}
