package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamingDecoderTest {
    private static final Tokenizer GPT2 = Tokenizer.gpt2();

    @AfterAll
    static void close() {
        GPT2.close();
    }

    @Test
    void holdsBackACharacterUntilItIsWhole() {
        StreamingDecoder decoder = new StreamingDecoder(GPT2);
        List<String> parts = new ArrayList<>();
        for (int id : GPT2.encode("a🙂b")) {
            parts.add(decoder.append(id));
        }
        assertThat(parts).containsExactly("a", "", "🙂", "b");
        assertThat(decoder.flush()).isEmpty();
    }

    @Test
    void replacesWhatNeverBecomesACharacter() {
        StreamingDecoder decoder = new StreamingDecoder(GPT2);
        int[] smile = GPT2.encode("🙂");
        assertThat(decoder.append(smile[0])).isEmpty();
        assertThat(decoder.flush()).isEqualTo("\ufffd");
        assertThat(decoder.append(GPT2.encode("again")[0])).isEqualTo("again");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {4, 5})
    void givesTheBytesOfAnyIds(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            int[] ids = random.ints(20, 0, GPT2.vocabularySize()).toArray();
            StreamingDecoder decoder = new StreamingDecoder(GPT2);
            StringBuilder text = new StringBuilder();
            java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
            for (int id : ids) {
                text.append(decoder.append(id));
                bytes.writeBytes(GPT2.bytes(id));
            }
            text.append(decoder.flush());
            assertThat(text).hasToString(new String(bytes.toByteArray(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void refusesAnIdThatIsNotInTheVocabulary() {
        assertThatThrownBy(() -> new StreamingDecoder(GPT2).append(60_000)).hasMessageContaining("60000");
    }
}
