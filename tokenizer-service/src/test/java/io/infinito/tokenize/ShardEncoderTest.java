package io.infinito.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        TokenShard shard = only(encoder.encode(piece("Hello 🙂 world").build()));

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
        assertThat(only(encoder.encode(piece)).toByteArray())
                .isEqualTo(only(encoder.encode(piece)).toByteArray());
    }

    @Test
    void takesATokenizerByPath(@TempDir Path folder) throws IOException {
        Path file;
        try (Tokenizer gpt2 = Tokenizer.gpt2()) {
            file = Files.write(folder.resolve("mine.json"), gpt2.json());
        }
        TokenShard shard = only(
                encoder.encode(piece("by path").setTokenizer(file.toString()).build()));
        assertThat(shard.getTokens()).isEqualTo(2);
        assertThat(shard.getTokenizerSha256()).isEqualTo(TOKENIZERS.get("gpt2").sha256());
    }

    @Test
    void refusesATokenizerThatCannotBeLoaded(@TempDir Path folder) throws IOException {
        TextPiece missing = piece("x").setTokenizer("/no/such/tokenizer.json").build();
        assertThatThrownBy(() -> encoder.encode(missing))
                .isInstanceOf(UnusableTokenizerException.class)
                .hasMessageStartingWith("tokenizer: \"/no/such/tokenizer.json\": expected \"gpt2\" or the path");

        Path file = Files.writeString(folder.resolve("wrong.json"), "{}");
        TextPiece wrong = piece("x").setTokenizer(file.toString()).build();
        assertThatThrownBy(() -> encoder.encode(wrong))
                .isInstanceOf(UnusableTokenizerException.class)
                .hasMessageContainingAll("wrong.json", "model.vocab");
    }

    @Test
    void dividesWhatIsTooMuchForAShard() {
        // Two ids a character: no merge joins these bytes.
        String text = "\ue000".repeat(2_500);
        List<TokenShard> shards =
                encoder.encode(piece(text).setMaxShardBytes(4_000).setAttempt(7).build());

        assertThat(shards).extracting(TokenShard::getTokens).containsExactly(2_000, 2_000, 1_000);
        assertThat(shards).extracting(TokenShard::getPart).containsExactly(0, 1, 2);
        assertThat(shards).allSatisfy(shard -> {
            assertThat(shard.getParts()).isEqualTo(3);
            assertThat(shard.getIds().size()).isLessThanOrEqualTo(4_000);
            assertThat(shard.getAttempt()).isEqualTo(7);
        });
        assertThat(shards).extracting(TokenShard::getCharacters).containsExactly(2_500L, 0L, 0L);
        ByteBuffer ids = ByteBuffer.allocate(10_000).order(ByteOrder.LITTLE_ENDIAN);
        shards.forEach(shard -> ids.put(shard.getIds().asReadOnlyByteBuffer()));
        ids.flip();
        for (int expected : TOKENIZERS.get("").encode(text)) {
            assertThat(Short.toUnsignedInt(ids.getShort())).isEqualTo(expected);
        }
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

    private static TokenShard only(List<TokenShard> shards) {
        assertThat(shards).hasSize(1);
        return shards.get(0);
    }

    private static TextPiece.Builder piece(String text) {
        return TextPiece.newBuilder()
                .setDatasetId("d")
                .setSplit("train")
                .setIndex(3)
                .setText(text);
    }
}
