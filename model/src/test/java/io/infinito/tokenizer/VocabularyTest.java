package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VocabularyTest {
    private static final Vocabulary GPT2 = Vocabulary.gpt2();

    @Test
    void decodesWithoutNativeCode() {
        int[] ids = {15496, 11, 995, 0, 50_256, 11013, 38776};
        assertThat(GPT2.decode(ids)).isEqualTo("Hello, world!<|endoftext|> Naïve");
        assertThat(GPT2.decode(new int[0])).isEmpty();
    }

    @Test
    void knowsWhatTheTokenizerKnows() {
        try (Tokenizer tokenizer = Tokenizer.gpt2()) {
            assertThat(GPT2.sha256()).isEqualTo(tokenizer.sha256());
            assertThat(GPT2.size()).isEqualTo(tokenizer.vocabularySize());
            assertThat(GPT2.endOfText()).isEqualTo(tokenizer.endOfText());
            assertThat(GPT2.cutRule()).isEqualTo(tokenizer.cutRule());
        }
    }

    @Test
    void givesItsBytesAsACopy() {
        GPT2.bytes(64)[0] = 'z';
        assertThat(GPT2.decode(new int[] {64})).isEqualTo("a");
    }

    @Test
    void refusesAnIdWithoutAToken() {
        assertThatThrownBy(() -> GPT2.decode(new int[] {50_257})).hasMessageContaining("ids: 50257");
        assertThatThrownBy(() -> GPT2.bytes(-1)).hasMessageContaining("ids: 4294967295");
    }
}
