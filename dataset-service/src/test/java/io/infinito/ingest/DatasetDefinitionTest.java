package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.SplitRule;
import io.infinito.ingest.source.HubSettings;
import io.infinito.ingest.source.Sources;
import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetDefinitionTest {
    @TempDir
    Path folder;

    @Test
    void fillsInTheDefaults() {
        DatasetSpec spec = DatasetDefinition.of(
                        DatasetSpec.newBuilder().setSource("builtin:tiny-tales").build())
                .spec();
        assertThat(spec.getTokenizer()).isEqualTo("gpt2");
        assertThat(spec.getSplit().getValidationRatio()).isEqualTo(0.1);
        assertThat(spec.getSplit().hasTestRatio()).isTrue();
        assertThat(DatasetDefinition.of(spec).spec()).isEqualTo(spec);
    }

    @Test
    void givesEqualTextEqualIds() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "some text\n");
        Path copy = Files.copy(file, folder.resolve("b.txt"));
        assertThat(id(spec(file))).hasSize(32).isEqualTo(id(spec(copy)));
    }

    @Test
    void givesOtherTextAndOtherRulesOtherIds() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "some text\n");
        Path longer = Files.writeString(folder.resolve("b.txt"), "some text\n\n");
        Path wikitext = Files.copy(file, folder.resolve("wiki.train.raw"));
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), "{}");
        DatasetSpec.Builder byFile = spec(file).setTokenizer(tokenizer.toString());
        String withTokenizer = id(byFile);
        Files.writeString(tokenizer, "{ }");

        assertThat(new String[] {
                    id(spec(file)),
                    id(spec(longer)),
                    id(spec(wikitext)),
                    id(spec(file).setTokenizer("/elsewhere/tokenizer.json")),
                    id(spec(file).setSplit(SplitRule.newBuilder().setValidationRatio(0.2))),
                    withTokenizer,
                    id(byFile)
                })
                .doesNotHaveDuplicates();
    }

    @Test
    void ignoresTheRatioWhereTheSourceBringsItsOwnSplits() throws IOException {
        DatasetSpec.Builder tales = DatasetSpec.newBuilder().setSource("builtin:tiny-tales");
        String id = id(tales);
        assertThat(id(tales.setSplit(SplitRule.newBuilder().setValidationRatio(0.4))))
                .isEqualTo(id);
    }

    @Test
    void refusesLimitsThatAllowNothing() {
        assertThatThrownBy(() -> new PreparationLimits(0, Duration.ofSeconds(1), folder))
                .hasMessageContaining("infinito.dataset.max-pieces-in-flight");
        assertThatThrownBy(() -> new PreparationLimits(1, Duration.ZERO, folder))
                .hasMessageContaining("infinito.dataset.shard-timeout");
        assertThatThrownBy(() -> new HubSettings(URI.create("ftp://x"), Optional.empty(), Duration.ofSeconds(1)))
                .hasMessageContaining("infinito.dataset.hub.base-url");
    }

    private String id(DatasetSpec.Builder spec) throws IOException {
        Sources sources = new Sources(
                new HubSettings(URI.create("http://localhost:1"), Optional.empty(), Duration.ofSeconds(1)),
                new StorageConfig("http://localhost:1", "bucket", "key", "secret", "us-east-1"));
        DatasetDefinition definition = DatasetDefinition.of(spec.build());
        return definition.id(sources.open(definition.address(), definition.ratio(), folder));
    }

    private static DatasetSpec.Builder spec(Path file) {
        return DatasetSpec.newBuilder().setSource("file:" + file);
    }
}
