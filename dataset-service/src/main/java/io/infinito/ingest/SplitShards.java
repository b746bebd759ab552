package io.infinito.ingest;

import io.infinito.dataset.v1.TokenShard;
import io.infinito.ingest.source.FileHash;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What is known of the shards of one split, piece by piece. A shard takes some hundred bytes here. Of use to one thread. */
final class SplitShards {
    private final List<Piece> pieces = new ArrayList<>();
    private long tokens;
    private int shards;

    /**
     * Takes a shard; one that comes again changes nothing.
     *
     * @return whether the piece is complete with it
     * @throws PreparationException if it is not the shard that stands under the same key already
     */
    boolean add(TokenShard shard) {
        while (pieces.size() <= shard.getIndex()) {
            pieces.add(null);
        }
        Piece piece = pieces.get(shard.getIndex());
        if (piece == null) {
            piece = new Piece(new byte[Math.max(1, shard.getParts())][]);
            pieces.set(shard.getIndex(), piece);
        }
        int part = shard.getPart();
        byte[] sha256 = HexFormat.of().parseHex(shard.getSha256());
        if (part < 0
                || part >= piece.hashes.length
                || Math.max(1, shard.getParts()) != piece.hashes.length
                || (piece.hashes[part] != null && !MessageDigest.isEqual(piece.hashes[part], sha256))) {
            throw new PreparationException(
                    "piece %d of %s was tokenized twice with different results: do all tokenizer services run the same version?"
                            .formatted(shard.getIndex(), shard.getSplit()));
        }
        if (piece.hashes[part] == null) {
            piece.hashes[part] = sha256;
            tokens += shard.getTokens();
            shards++;
        }
        return piece.isComplete();
    }

    /** Whether all shards of a piece are there. */
    boolean has(int index) {
        return index < pieces.size()
                && pieces.get(index) != null
                && pieces.get(index).isComplete();
    }

    /** Ids in all shards. */
    long tokens() {
        return tokens;
    }

    /** Their number. */
    int shards() {
        return shards;
    }

    /** SHA-256 over the hex hashes, each with a line feed, in the order of index and part. */
    String digest() {
        MessageDigest digest = FileHash.sha256();
        for (Piece piece : pieces) {
            for (byte[] hash : piece.hashes) {
                digest.update((HexFormat.of().formatHex(hash) + '\n').getBytes(StandardCharsets.US_ASCII));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The hashes of one piece's shards, null where one is missing. */
    private static final class Piece {
        private final byte[][] hashes;

        Piece(byte[][] hashes) {
            this.hashes = hashes;
        }

        boolean isComplete() {
            for (byte[] hash : hashes) {
                if (hash == null) {
                    return false;
                }
            }
            return true;
        }
    }
}
