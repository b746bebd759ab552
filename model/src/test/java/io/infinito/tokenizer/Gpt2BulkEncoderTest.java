package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2BulkEncoderTest {
    private static final Tokenizer GPT2 = Tokenizer.gpt2();
    private static final Gpt2BulkEncoder BULK = new Gpt2BulkEncoder();

    @AfterAll
    static void close() {
        GPT2.close();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void givesTheIdsOfTheTokenizer(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 400; i++) {
            String text = RandomText.of(random, 1 + random.nextInt(120));
            assertThat(BULK.encode(text)).as(text).isEqualTo(GPT2.encode(text));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<|endoftext|>",
                "a<|endoftext|> b <|endoftext|><|endoftext|>",
                "<|endoftext",
                "  <|endoftext|>  ",
                "don't DON'T we'll\r\n\t x"
            })
    void writesTheEndOfTextTokenAsTheTokenizerDoes(String text) {
        assertThat(BULK.encode(text)).isEqualTo(GPT2.encode(text));
    }

    @Test
    void encodesAVeryLongWord() {
        String text = "x" + "ab".repeat(20_000) + " end";
        assertThat(BULK.encode(text)).isEqualTo(GPT2.encode(text));
    }
}
