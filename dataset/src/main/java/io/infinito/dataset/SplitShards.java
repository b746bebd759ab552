package io.infinito.dataset;

import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Which shards of a split are there, while they arrive in any order and more than once. A shard that is refused does no harm as long as a
 * good one comes under the same key.
 */
final class SplitShards {
    /** Where the ids of a shard were put. */
    static final class Place {
        private final long position;
        private final int bytes;
        private final byte[] sha256;

        private Place(long position, int bytes, byte[] sha256) {
            this.position = position;
            this.bytes = bytes;
            this.sha256 = sha256;
        }

        /** In bytes from the beginning of what is kept of the split. */
        long position() {
            return position;
        }

        int bytes() {
            return bytes;
        }
    }

    private final String datasetId;
    private final SplitManifest manifest;
    private final int idWidth;
    /** By index of the piece and part. */
    private final Place[][] pieces;

    private final Map<ShardKey, String> refused = new HashMap<>();
    private int found;
    private long bytes;
    private boolean changed = true;
    private boolean whole;

    SplitShards(String datasetId, SplitManifest manifest, int idWidth) {
        this.datasetId = datasetId;
        this.manifest = manifest;
        this.idWidth = idWidth;
        // Every piece has at least one shard.
        this.pieces = new Place[manifest.getShards()][];
    }

    String name() {
        return manifest.getName();
    }

    int found() {
        return found;
    }

    int expected() {
        return manifest.getShards();
    }

    long bytes() {
        return bytes;
    }

    /**
     * Takes a shard if it is good, and if its ids are not there yet.
     *
     * @param where the record is, for messages
     */
    void accept(ShardKey key, TokenShard shard, String where, ShardStore store) throws IOException {
        if (key.index() >= pieces.length) {
            return;
        }
        ByteBuffer ids = shard.getIds().asReadOnlyByteBuffer();
        byte[] sha256 = DatasetDigest.sha256(ids);
        Optional<String> fault = fault(key, shard, sha256);
        if (fault.isPresent()) {
            refuse(key, where + " " + fault.get());
            return;
        }
        refused.remove(key);
        Place[] piece = pieces[key.index()];
        if (piece == null || piece.length != shard.getParts()) {
            forget(piece);
            piece = new Place[shard.getParts()];
            pieces[key.index()] = piece;
        }
        Place before = piece[key.part()];
        if (before != null && Arrays.equals(before.sha256, sha256)) {
            return;
        }
        // The latest of different shards is the one that compaction keeps.
        forget(before);
        piece[key.part()] = new Place(store.keep(name(), ids), shard.getIds().size(), sha256);
        found++;
        bytes += shard.getIds().size();
        changed = true;
    }

    /** Takes note of a record that is no good shard. */
    void refuse(ShardKey key, String reason) {
        if (key.index() < pieces.length) {
            refused.put(key, reason);
        }
    }

    /** Takes note of a deletion. */
    void delete(ShardKey key) {
        Place[] piece = key.index() < pieces.length ? pieces[key.index()] : null;
        if (piece != null && key.part() < piece.length) {
            forget(piece[key.part()]);
            piece[key.part()] = null;
        }
    }

    /** Whether all shards are there and are the manifest's. */
    boolean isWhole() {
        if (changed && found == manifest.getShards()) {
            whole = firstMissing().isEmpty()
                    && bytes == manifest.getTokens() * idWidth
                    && digest().equals(manifest.getDigest());
            changed = false;
        }
        return whole && !changed;
    }

    /** The places of all shards in the order of index and part; only of a split that is whole. */
    List<Place> inOrder() {
        List<Place> places = new ArrayList<>(found);
        for (Place[] piece : pieces) {
            if (piece != null) {
                places.addAll(Arrays.asList(piece));
            }
        }
        return places;
    }

    /** Why the split is not whole at the end of the topic. */
    DatasetException whatIsWrong(String topic) {
        Optional<ShardKey> missing = firstMissing();
        if (missing.isPresent() && refused.containsKey(missing.get())) {
            return new DatasetDamagedException(refused.get(missing.get()));
        }
        if (missing.isPresent()) {
            return new DatasetMissingException(missing.get(), Math.max(1, (long) manifest.getShards() - found), topic);
        }
        return new DatasetDamagedException("split " + name() + " of dataset " + datasetId + " has " + found
                + " shards, "
                + bytes / idWidth + " tokens and digest " + digest() + " in " + topic + ", but its manifest says "
                + manifest.getShards() + ", " + manifest.getTokens() + " and " + manifest.getDigest());
    }

    private Optional<String> fault(ShardKey key, TokenShard shard, byte[] sha256) {
        ShardKey own = new ShardKey(shard.getDatasetId(), shard.getSplit(), shard.getIndex(), shard.getPart());
        int size = shard.getIds().size();
        String hex = HexFormat.of().formatHex(sha256);
        if (!own.equals(key)) {
            return Optional.of("says that it is shard " + own);
        }
        if (!shard.getError().isEmpty()) {
            return Optional.of("could not be tokenized: " + shard.getError());
        }
        if (shard.getIdWidth() != idWidth) {
            return Optional.of("has ids of " + shard.getIdWidth() + " bytes, not " + idWidth);
        }
        if ((long) shard.getTokens() * idWidth != size) {
            return Optional.of("is torn: " + shard.getTokens() + " ids of " + idWidth + " bytes in " + size + " bytes");
        }
        if (shard.getPart() >= shard.getParts() || shard.getParts() > manifest.getShards()) {
            return Optional.of("says that it is part " + shard.getPart() + " of " + shard.getParts());
        }
        if (!hex.equals(shard.getSha256())) {
            return Optional.of("was altered: the SHA-256 of its ids is " + hex + ", not " + shard.getSha256());
        }
        return Optional.empty();
    }

    private void forget(Place... places) {
        if (places == null) {
            return;
        }
        for (Place place : places) {
            if (place != null) {
                found--;
                bytes -= place.bytes;
                changed = true;
            }
        }
    }

    /** The first gap: behind the last piece there is none once as many shards as expected are there. */
    private Optional<ShardKey> firstMissing() {
        int before = 0;
        for (int index = 0; index < pieces.length && before < manifest.getShards(); index++) {
            int part = pieces[index] == null ? 0 : Arrays.asList(pieces[index]).indexOf(null);
            if (part >= 0) {
                return Optional.of(new ShardKey(datasetId, name(), index, part));
            }
            before += pieces[index].length;
        }
        return Optional.empty();
    }

    private String digest() {
        DatasetDigest digest = new DatasetDigest();
        inOrder().stream().filter(Objects::nonNull).forEach(place -> digest.add(place.sha256));
        return digest.hex();
    }
}
