package io.infinito.tokenize;

import com.google.protobuf.UnsafeByteOperations;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.tokenizer.CutRule;
import io.infinito.tokenizer.Gpt2Encoder;
import io.infinito.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Makes the token shards of a text piece. The same piece gives the same bytes. */
public final class ShardEncoder {
    /** For pieces that do not say how large a shard may be: half of what Kafka takes as a record without settings. */
    static final int DEFAULT_SHARD_BYTES = 1 << 19;

    private static final int LARGEST_OF_TWO_BYTES = 1 << 16;

    private final TokenizerCatalog tokenizers;
    private final Gpt2Encoder gpt2 = new Gpt2Encoder();

    /** An encoder for pieces of any of the catalog's tokenizers. */
    public ShardEncoder(TokenizerCatalog tokenizers) {
        this.tokenizers = tokenizers;
    }

    /**
     * The piece's shards in order: one, or more where its ids take more bytes than a shard may have.
     *
     * @throws UnusableTokenizerException if the piece names a tokenizer that cannot be loaded, or one for which the text may not be cut
     *     where this piece begins
     * @throws RuntimeException if the tokenizer cannot make ids of the text
     */
    public List<TokenShard> encode(TextPiece piece) {
        Tokenizer tokenizer = tokenizers.get(piece.getTokenizer());
        if (!tokenizer.cutRule().mayStart(piece.getText(), piece.getIndex())) {
            throw new UnusableTokenizerException(
                    "tokenizer: \"%s\" would give other ids to piece %d of %s than to the whole text: %s"
                            .formatted(piece.getTokenizer(), piece.getIndex(), piece.getSplit(), advice(tokenizer)),
                    null);
        }
        int[] ids = tokenizers.isGpt2(piece.getTokenizer())
                ? gpt2.encode(piece.getText())
                : tokenizer.encode(piece.getText());
        int width = tokenizer.vocabularySize() <= LARGEST_OF_TWO_BYTES ? Short.BYTES : Integer.BYTES;
        int shardBytes = piece.getMaxShardBytes() > 0 ? piece.getMaxShardBytes() : DEFAULT_SHARD_BYTES;
        int shardTokens = Math.max(1, shardBytes / width);
        int parts = Math.max(1, (ids.length + shardTokens - 1) / shardTokens);
        List<TokenShard> shards = new ArrayList<>(parts);
        for (int part = 0; part < parts; part++) {
            int from = part * shardTokens;
            int tokens = Math.min(shardTokens, ids.length - from);
            byte[] bytes = littleEndian(ids, from, tokens, width);
            TokenShard.Builder shard = of(piece)
                    .setIdWidth(width)
                    .setIds(UnsafeByteOperations.unsafeWrap(bytes))
                    .setTokens(tokens)
                    .setSha256(sha256Hex(bytes))
                    .setTokenizerSha256(tokenizer.sha256())
                    .setVocabularySize(tokenizer.vocabularySize())
                    .setPart(part)
                    .setParts(parts);
            if (part == 0) {
                shard.setCharacters(
                        piece.getText().codePointCount(0, piece.getText().length()));
            }
            shards.add(shard.build());
        }
        return shards;
    }

    private static String advice(Tokenizer tokenizer) {
        return tokenizer.cutRule() == CutRule.NOWHERE
                ? "it can only be used for texts of a single piece, about a megabyte"
                : "the text has no two words with a space between them for very long, where it could be cut";
    }

    /** What stands for the shards of a piece that has none. */
    static TokenShard failed(TextPiece piece, String reason) {
        return of(piece).setError(reason).build();
    }

    private static TokenShard.Builder of(TextPiece piece) {
        return TokenShard.newBuilder()
                .setDatasetId(piece.getDatasetId())
                .setSplit(piece.getSplit())
                .setIndex(piece.getIndex())
                .setAttempt(piece.getAttempt());
    }

    private static byte[] littleEndian(int[] ids, int from, int tokens, int width) {
        ByteBuffer bytes = ByteBuffer.allocate(tokens * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = from; i < from + tokens; i++) {
            if (width == Short.BYTES) {
                bytes.putShort((short) ids[i]);
            } else {
                bytes.putInt(ids[i]);
            }
        }
        return bytes.array();
    }

    private static String sha256Hex(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
