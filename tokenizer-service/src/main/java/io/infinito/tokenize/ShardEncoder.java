package io.infinito.tokenize;

import com.google.protobuf.ByteString;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.tokenizer.Gpt2BulkEncoder;
import io.infinito.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Makes the token shard of a text piece. The same piece gives the same bytes. */
public final class ShardEncoder {
    /** Leaves room for the other fields in the 1 MiB that Kafka takes as a record without settings. */
    static final int MAX_ID_BYTES = 1_000_000;

    private static final int LARGEST_OF_TWO_BYTES = 1 << 16;

    private final TokenizerCatalog tokenizers;
    private final Gpt2BulkEncoder gpt2 = new Gpt2BulkEncoder();

    /** An encoder for pieces of any of the catalog's tokenizers. */
    public ShardEncoder(TokenizerCatalog tokenizers) {
        this.tokenizers = tokenizers;
    }

    /** The shard; one with {@code error} set where the piece names a tokenizer that cannot be loaded or
     * has too many tokens. */
    public TokenShard encode(TextPiece piece) {
        TokenShard.Builder shard = TokenShard.newBuilder()
                .setDatasetId(piece.getDatasetId())
                .setSplit(piece.getSplit())
                .setIndex(piece.getIndex());
        Tokenizer tokenizer;
        try {
            tokenizer = tokenizers.get(piece.getTokenizer());
        } catch (IllegalArgumentException e) {
            return shard.setError(e.getMessage()).build();
        }
        int[] ids;
        try {
            ids = tokenizers.isGpt2(piece.getTokenizer())
                    ? gpt2.encode(piece.getText())
                    : tokenizer.encode(piece.getText());
        } catch (RuntimeException e) {
            return shard.setError("text: cannot be tokenized: " + e.getMessage())
                    .build();
        }
        int width = tokenizer.vocabularySize() <= LARGEST_OF_TWO_BYTES ? Short.BYTES : Integer.BYTES;
        if ((long) ids.length * width > MAX_ID_BYTES) {
            return shard.setError(
                            "text: a piece of %d characters gives %d ids of %d bytes, more than %d bytes: cut it smaller"
                                    .formatted(piece.getText().length(), ids.length, width, MAX_ID_BYTES))
                    .build();
        }
        byte[] bytes = littleEndian(ids, width);
        return shard.setIdWidth(width)
                .setIds(ByteString.copyFrom(bytes))
                .setTokens(ids.length)
                .setCharacters(piece.getText().codePointCount(0, piece.getText().length()))
                .setSha256(sha256Hex(bytes))
                .setTokenizerSha256(tokenizer.sha256())
                .setVocabularySize(tokenizer.vocabularySize())
                .build();
    }

    private static byte[] littleEndian(int[] ids, int width) {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            if (width == Short.BYTES) {
                bytes.putShort((short) id);
            } else {
                bytes.putInt(id);
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
