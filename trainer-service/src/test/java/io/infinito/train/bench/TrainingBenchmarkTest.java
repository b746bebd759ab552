package io.infinito.train.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infinito.gpt.StepClock.Phase;
import io.infinito.train.Preset;
import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class TrainingBenchmarkTest {
    @Test
    void measuresStepsOfTheTinyPreset() throws IOException {
        BenchResult result = new TrainingBenchmark(BenchSettings.parse(
                        "--preset=tiny", "--batch=1", "--steps=3", "--warmup=1", "--accumulation=2"))
                .run();
        assertThat(result.nativeArrays().get(1)).isEqualTo(result.nativeArrays().get(0));
        assertThat(result.tokensPerStep()).isEqualTo(2 * 128);
        JsonNode json = new ObjectMapper().readTree(result.json());
        assertThat(json.path("tokensPerSecond").asDouble()).isPositive();
        assertThat(json.path("gemmGflops").asDouble()).isPositive();
        assertThat(json.path("mfu").asDouble()).isPositive();
        for (Phase phase : Phase.values()) {
            assertThat(json.path("phaseMillis")
                            .path(phase.name().toLowerCase(Locale.ROOT))
                            .asDouble())
                    .as(phase.name())
                    .isPositive();
        }
        assertThat(result.lines()).anyMatch(line -> line.startsWith("MFU "));
    }

    @Test
    void countsOperationsAsTheFormulaSays() {
        // 50,257 x 512 for the tied head, 12 x 512^2 a layer, and 12 L C T for attention.
        assertThat(Preset.named("gpt-45m").sizes().withVocabulary(50_257).trainingFlopsPerToken())
                .isEqualTo(6.0 * (50_257L * 512 + 6 * 12 * 512 * 512) + 12.0 * 6 * 512 * 256);
        // An untied embedding is looked up, not multiplied by.
        assertThat(Preset.named("infinito-71m").sizes().withVocabulary(50_257).trainingFlopsPerToken())
                .isEqualTo(
                        Preset.named("gpt-45m").sizes().withVocabulary(50_257).trainingFlopsPerToken());
    }

    @Test
    void namesTheArgumentThatIsWrong() {
        assertThatThrownBy(() -> BenchSettings.parse("--batch=0")).hasMessageContaining("--batch=0");
        assertThatThrownBy(() -> BenchSettings.parse("--steps=many")).hasMessageContaining("--steps=many");
        assertThatThrownBy(() -> BenchSettings.parse("--presets=tiny")).hasMessageContaining("--presets");
        assertThatThrownBy(() -> BenchSettings.parse("--dropout=1")).hasMessageContaining("dropout");
        assertThatThrownBy(() -> BenchSettings.parse("--preset=huge")).hasMessageContaining("gpt-45m");
    }
}
