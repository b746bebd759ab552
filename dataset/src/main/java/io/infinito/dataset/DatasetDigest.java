package io.infinito.dataset;

import io.infinito.dataset.v1.SplitManifest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What equal tokens have in common. A split's digest is the SHA-256 over the hex hashes of its shards in order, each with a line feed; a
 * dataset's is the one over the splits' names and digests, each with a line feed.
 */
public final class DatasetDigest {
    private static final byte LINE_FEED = '\n';

    private final MessageDigest sha256 = sha256();

    /** Adds the hash of the next shard. */
    public void add(byte[] shardSha256) {
        addLine(HexFormat.of().formatHex(shardSha256));
    }

    /** The digest of what was added, lower-case hex; after it the digest starts anew. */
    public String hex() {
        return HexFormat.of().formatHex(sha256.digest());
    }

    /** The digest of a dataset with these splits, in their order. */
    public static String of(List<SplitManifest> splits) {
        DatasetDigest digest = new DatasetDigest();
        for (SplitManifest split : splits) {
            digest.addLine(split.getName());
            digest.addLine(split.getDigest());
        }
        return digest.hex();
    }

    /** SHA-256 of what remains in {@code bytes}, which is left as it is. */
    static byte[] sha256(ByteBuffer bytes) {
        MessageDigest digest = sha256();
        digest.update(bytes.duplicate());
        return digest.digest();
    }

    private void addLine(String text) {
        sha256.update(text.getBytes(StandardCharsets.UTF_8));
        sha256.update(LINE_FEED);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
