package io.infinito.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardEncoderTest {
    private static final TokenizerCatalog TOKENIZERS = new TokenizerCatalog("gpt2");

    private final ShardEncoder encoder = new ShardEncoder(TOKENIZERS);

    @AfterAll
    static void close() {
        TOKENIZERS.close();
    }

    @Test
    void writesIdsAsLittleEndianPairsOfBytes() {
        TokenShard shard = encoder.encode(piece("Hello 🙂 world").build());

        short[] ids = new short[shard.getTokens()];
        shard.getIds()
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asShortBuffer()
                .get(ids);
        int[] expected = TOKENIZERS.get("").encode("Hello 🙂 world");
        assertThat(ids).hasSameSizeAs(expected);
        for (int i = 0; i < ids.length; i++) {
            assertThat(Short.toUnsignedInt(ids[i])).isEqualTo(expected[i]);
        }
        assertThat(shard.getIdWidth()).isEqualTo(2);
        assertThat(shard.getCharacters()).isEqualTo(13);
        assertThat(shard.getVocabularySize()).isEqualTo(50_257);
        assertThat(shard.getDatasetId()).isEqualTo("d");
        assertThat(shard.getSplit()).isEqualTo("train");
        assertThat(shard.getIndex()).isEqualTo(3);
        assertThat(shard.getError()).isEmpty();
    }

    @Test
    void givesTheSameBytesForTheSamePiece() {
        TextPiece piece = piece("once and again").build();
        assertThat(encoder.encode(piece).toByteArray())
                .isEqualTo(encoder.encode(piece).toByteArray());
    }

    @Test
    void takesATokenizerByPath(@TempDir Path folder) throws IOException {
        Path file;
        try (Tokenizer gpt2 = Tokenizer.gpt2()) {
            file = Files.write(folder.resolve("mine.json"), gpt2.json());
        }
        TokenShard shard =
                encoder.encode(piece("by path").setTokenizer(file.toString()).build());
        assertThat(shard.getTokens()).isEqualTo(2);
        assertThat(shard.getTokenizerSha256()).isEqualTo(TOKENIZERS.get("gpt2").sha256());
    }

    @Test
    void saysInTheShardWhyATokenizerCannotBeLoaded(@TempDir Path folder) throws IOException {
        TokenShard missing = encoder.encode(
                piece("x").setTokenizer("/no/such/tokenizer.json").build());
        assertThat(missing.getError())
                .startsWith("tokenizer: \"/no/such/tokenizer.json\": expected \"gpt2\" or the path");
        assertThat(missing.getIds()).isEmpty();
        assertThat(missing.getIndex()).isEqualTo(3);

        Path wrong = Files.writeString(folder.resolve("wrong.json"), "{}");
        assertThat(encoder.encode(piece("x").setTokenizer(wrong.toString()).build())
                        .getError())
                .contains("wrong.json", "model.vocab");
    }

    @Test
    void saysInTheShardThatItWouldBeTooLarge() {
        // Two ids a character: no merge joins these bytes.
        String text = "\ue000".repeat(600_000);
        assertThat(encoder.encode(piece(text).build()).getError())
                .contains("text: a piece of 600000 characters", "cut it smaller");
    }

    @Test
    void refusesADefaultTokenizerThatCannotBeLoaded() {
        assertThatThrownBy(() -> new TokenizerCatalog("gtp2")).hasMessageStartingWith("tokenizer: \"gtp2\"");
    }

    @Test
    void refusesLimitsThatAllowNothing() {
        assertThatThrownBy(() -> new TokenizerLimits(0, 1, 1)).hasMessageContaining("infinito.tokenizer.workers");
        assertThatThrownBy(() -> new TokenizerLimits(1, 0, 1))
                .hasMessageContaining("infinito.tokenizer.max-text-length");
        assertThatThrownBy(() -> new TokenizerLimits(1, 1, -1)).hasMessageContaining("infinito.tokenizer.max-ids");
    }

    private static TextPiece.Builder piece(String text) {
        return TextPiece.newBuilder()
                .setDatasetId("d")
                .setSplit("train")
                .setIndex(3)
                .setText(text);
    }
}
