package io.infinito.train.data;

import io.infinito.checkpoint.Sha256;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.ShardPosition;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.train.TokenFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * One token file for each split on local disk, named by the dataset's digest. A file appears under its name when it is whole, so
 * that a second job on this machine reads no shard again.
 */
public final class TokenCache {
    /** Ids below this fit in two bytes. */
    private static final int UINT16_IDS = 1 << 16;

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
     * The tokens of a split.
     *
     * @param split train, validation or test
     * @return empty if it was asked to stop
     * @throws IllegalArgumentException if the dataset has no such split
     */
    public Optional<TokenFile> open(DatasetManifest dataset, String split, BooleanSupplier stop) {
        SplitManifest manifest = dataset.getSplitsList().stream()
                .filter(s -> s.getName().equals(split))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "dataset.source='" + dataset.getSpec().getSource() + "' has no " + split + " split"));
        int width = dataset.getVocabularySize() <= UINT16_IDS ? Short.BYTES : Integer.BYTES;
        Path file = folder.resolve(dataset.getDigest()).resolve(split + ".bin");
        try {
            if (!Files.exists(file) || Files.size(file) != manifest.getTokens() * width) {
                if (!write(dataset, manifest, width, file, stop)) {
                    return Optional.empty();
                }
            }
            return Optional.of(TokenFile.map(file, width));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep tokens in " + file + ": " + e.getMessage(), e);
        }
    }

    private boolean write(DatasetManifest dataset, SplitManifest split, int width, Path file, BooleanSupplier stop)
            throws IOException {
        Files.createDirectories(file.getParent());
        Path unfinished = Files.createTempFile(file.getParent(), split.getName(), ".part");
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
            long[] starts = new long[split.getShardsCount() + 1];
            for (int i = 0; i < split.getShardsCount(); i++) {
                starts[i + 1] = starts[i] + (long) split.getShards(i).getTokens() * width;
            }
            boolean complete = shards.read(dataset.getDatasetId(), split, stop, shard -> {
                ShardPosition expected = split.getShards(shard.getIndex());
                check(expected, shard, width);
                put(channel, shard.getIds().asReadOnlyByteBuffer(), starts[shard.getIndex()]);
            });
            if (!complete) {
                return false;
            }
            channel.force(false);
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return true;
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static void check(ShardPosition expected, TokenShard shard, int width) {
        String sha256 = Sha256.of(shard.getIds().toByteArray());
        if (!sha256.equals(expected.getSha256())
                || shard.getIdWidth() != width
                || shard.getIds().size() != expected.getTokens() * width) {
            throw new IllegalStateException("shard " + shard.getDatasetId() + "/" + shard.getSplit() + "/"
                    + shard.getIndex() + " is not what the manifest says: it was altered or is torn");
        }
    }

    private static void put(FileChannel channel, ByteBuffer bytes, long at) {
        try {
            for (long position = at; bytes.hasRemaining(); ) {
                position += channel.write(bytes, position);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
