package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    private static final Tokenizer GPT2 = Tokenizer.gpt2();

    @AfterAll
    static void close() {
        GPT2.close();
    }

    @Test
    void givesTheIdsOfGpt2() {
        assertThat(GPT2.encode("Hello, world! It's 2026.\n\n  Naïve café 🙂"))
                .containsExactly(15496, 11, 995, 0, 632, 338, 1160, 2075, 13, 628, 220, 11013, 38776, 40304, 32485);
        assertThat(GPT2.encode("")).isEmpty();
    }

    @Test
    void knowsItsVocabulary() {
        assertThat(GPT2.vocabularySize()).isEqualTo(50_257);
        assertThat(GPT2.endOfText()).hasValue(50_256);
        assertThat(GPT2.contains(50_256)).isTrue();
        assertThat(GPT2.contains(50_257)).isFalse();
        assertThat(GPT2.contains(-1)).isFalse();
    }

    @Test
    void isTheSameFileInEveryBuild() {
        assertThat(GPT2.sha256()).isEqualTo("01776d5ddbcc40e1dc12ca5610779b746b19dcf21a7ce2d6b207886ca3ca5588");
        assertThat(new String(GPT2.json(), StandardCharsets.UTF_8))
                .contains("\"Ġt\":256", "\"merges\":[\"Ġ t\",\"Ġ a\"");
    }

    @Test
    void neitherAddsNorCutsOffAnything() {
        String text = "word ".repeat(5_000);
        assertThat(GPT2.encode(text)).hasSize(5_001);
        assertThat(GPT2.decode(GPT2.encode(text))).isEqualTo(text);
    }

    @Test
    void takesAnEndOfTextThatIsWrittenOutForTheToken() {
        assertThat(GPT2.encode("a<|endoftext|>b")).containsExactly(64, 50_256, 65);
        assertThat(GPT2.decode(new int[] {64, 50_256, 65})).isEqualTo("a<|endoftext|>b");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void agreesWithAnotherImplementationOnAnyUnicode(long seed) {
        Encoding other = Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            String text = RandomText.of(random, 1 + random.nextInt(60));
            IntArrayList expected = other.encodeOrdinary(text);
            int[] ids = GPT2.encode(text);
            assertThat(ids).as(text).containsExactly(expected.toArray());
            assertThat(GPT2.decode(ids)).isEqualTo(text);
        }
    }

    @Test
    void refusesIdsThatAreNotInTheVocabulary() {
        assertThatThrownBy(() -> GPT2.decode(new int[] {1, 50_257}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ids: 50257");
        assertThatThrownBy(() -> GPT2.bytes(-1)).hasMessageContaining("ids: 4294967295");
    }

    @Test
    void servesSeveralThreads() {
        String text = "The same text for every thread. ".repeat(50);
        int[] expected = GPT2.encode(text);
        ConcurrentLinkedQueue<int[]> results = new ConcurrentLinkedQueue<>();
        IntStream.range(0, 64).parallel().forEach(i -> results.add(GPT2.encode(text)));
        assertThat(results).hasSize(64).allMatch(ids -> Arrays.equals(ids, expected));
    }

    @Test
    void comesBackFromAFileAndFromBytes(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("tokenizer.json"), GPT2.json());
        try (Tokenizer fromFile = Tokenizer.fromFile(file);
                Tokenizer fromJson = Tokenizer.fromJson(GPT2.json())) {
            assertThat(fromFile.sha256()).isEqualTo(GPT2.sha256());
            assertThat(fromJson.encode("once more")).containsExactly(GPT2.encode("once more"));
        }
    }

    @Test
    void thatIsSharedWorksUntilTheLastIsClosed() {
        Tokenizer first = Tokenizer.fromJson(GPT2.json());
        Tokenizer second = first.share();
        first.close();
        first.close();
        assertThatThrownBy(first::share).isInstanceOf(IllegalStateException.class);
        assertThat(second.encode("once more")).containsExactly(GPT2.encode("once more"));
        try (Tokenizer third = second.share()) {
            second.close();
            assertThat(third.encode("once more")).containsExactly(GPT2.encode("once more"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "not JSON",
                "{}",
                "{\"model\":{\"vocab\":{\"a\":0}}}",
                "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{\"a\":-1}}}",
                "{\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":{\"a\":0}}}",
                "{\"decoder\":{\"type\":\"WordPiece\"},\"model\":{\"vocab\":{\"a\":0}}}"
            })
    void refusesAFileThatIsNoTokenizer(String json) {
        assertThatThrownBy(() -> Tokenizer.fromJson(json.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tokenizer.json");
    }
}
