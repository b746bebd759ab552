package io.infinito.infer.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.infer.model.TinyModels;
import io.infinito.infer.model.TinyTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationBenchmarkTest {
    @Test
    void measuresSpeedAndPerplexityOfAModelInADirectory(@TempDir Path folder) throws Exception {
        Files.write(
                folder.resolve(CheckpointKeys.CONFIG),
                HuggingFaceConfig.write(TinyModels.CONFIG, TinyTokenizer.END_OF_TEXT));
        Files.write(folder.resolve(CheckpointKeys.TOKENIZER), TinyTokenizer.json());
        TinyModels.writeWeights(folder.resolve(CheckpointKeys.MODEL), TinyModels.CONFIG, 1);
        Path text = Files.writeString(folder.resolve("text"), "What the network has never seen. ".repeat(9));
        BenchReport report = new GenerationBenchmark(BenchSettings.parse(
                        "--model=" + folder,
                        "--formats=fp32,int8",
                        "--streams=1,3",
                        "--tokens=20",
                        "--prompt-tokens=7",
                        "--threads=1",
                        "--text=" + text))
                .run();
        JsonNode json = new ObjectMapper().readTree(report.json());
        assertThat(json.path("memoryBytesPerSecond").asDouble()).isPositive();
        JsonNode exact = json.path("formats").path(0);
        assertThat(exact.path("format").asText()).isEqualTo("fp32");
        assertThat(exact.path("perplexity").asDouble()).isGreaterThan(1);
        JsonNode bytes = json.path("formats").path(1);
        assertThat(bytes.path("perplexity").asDouble())
                .isNotEqualTo(exact.path("perplexity").asDouble())
                .isBetween(
                        0.8 * exact.path("perplexity").asDouble(),
                        1.25 * exact.path("perplexity").asDouble());
        assertThat(bytes.path("streams").path(1).path("streams").asInt()).isEqualTo(3);
        for (JsonNode streams : bytes.path("streams")) {
            for (String figure : List.of("tokensPerSecond", "firstTokenMillis", "tokenMillisP50", "tokenMillisP99")) {
                assertThat(streams.path(figure).asDouble()).as(figure).isPositive();
            }
        }
        assertThat(report.lines()).anyMatch(line -> line.startsWith("int8") && line.contains("perplexity"));
    }

    @Test
    void namesTheArgumentThatIsWrong() {
        assertThatThrownBy(() -> BenchSettings.parse("--tokens=1")).hasMessage("--tokens=1 must be at least 2");
        assertThatThrownBy(() -> BenchSettings.parse("--streams=1,many"))
                .hasMessage("--streams=1,many must be whole numbers");
        assertThatThrownBy(() -> BenchSettings.parse("--formats=int4"))
                .hasMessageContaining("--formats=int4 must be fp32");
        assertThatThrownBy(() -> BenchSettings.parse("--preset=huge")).hasMessageContaining("gpt-45m");
        assertThatThrownBy(() -> BenchSettings.parse("--text=x")).hasMessageContaining("--text needs --model");
        assertThatThrownBy(() -> BenchSettings.parse("--stream=1")).hasMessageContaining("--stream");
    }
}
