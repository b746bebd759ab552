package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PresetTest {
    /** Token and position embeddings, 12 C^2 + 13 C a layer, 2 C for the last LayerNorm, and the head where it is not tied. */
    @ParameterizedTest
    @CsvSource({
        "tiny, 7242624",
        "gpt-16m, 16090880",
        "gpt-45m, 44777984",
        "infinito-71m, 70509568",
        "gpt2-small, 124439808"
    })
    void hasTheParametersThatItsNameSays(String name, long parameters) {
        assertThat(Preset.named(name).sizes().withVocabulary(50_257).parameterCount())
                .isEqualTo(parameters);
    }
}
