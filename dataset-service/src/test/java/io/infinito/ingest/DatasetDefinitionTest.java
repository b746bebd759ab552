package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.SplitRule;
import io.infinito.ingest.source.HubSettings;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.Texts;
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
        assertThat(spec.getTextField()).isEqualTo("text");
        assertThat(spec.getEncodingErrors()).isEqualTo(DatasetSpec.EncodingErrors.REFUSE);
        assertThat(DatasetDefinition.of(spec).spec()).isEqualTo(spec);
    }

    @Test
    void keepsWhatIsSaid() {
        DatasetSpec spec = DatasetSpec.newBuilder()
                .setSource("s3://texts/**/*.jsonl.gz")
                .setTokenizer("/t/tokenizer.json")
                .setTextField("body")
                .setDocumentSeparator("<|endoftext|>")
                .setEncodingErrors(DatasetSpec.EncodingErrors.REPLACE)
                .setSplit(SplitRule.newBuilder()
                        .setValidationRatio(0.2)
                        .setTestRatio(0.1)
                        .addTrain("a/*")
                        .addTrain("b/*")
                        .addValidation("c/*")
                        .addTest("d/*"))
                .build();
        assertThat(DatasetDefinition.of(spec).spec()).isEqualTo(spec);
    }

    @Test
    void namesTheFieldThatIsWrong() {
        DatasetSpec.Builder tales = DatasetSpec.newBuilder().setSource("builtin:tiny-tales");
        refuses(tales.clone().clearSource(), "dataset.source is missing");
        refuses(tales.clone().setTextField(" "), "dataset.textField must be the name");
        refuses(tales.clone().setDocumentSeparator("x".repeat(1001)), "dataset.documentSeparator must have at most");
        refuses(tales.clone().setEncodingErrorsValue(9), "dataset.encodingErrors must be REFUSE or REPLACE, not 9");
        refuses(
                tales.clone().setSplit(SplitRule.newBuilder().addTrain("a").addTrain("/b")),
                "dataset.split.train[1]: \"/b\" must be a pattern");
        refuses(
                tales.clone().setSplit(SplitRule.newBuilder().addTest("[a")),
                "dataset.split.test[0]: \"[a\" is not a pattern");
        assertThatThrownBy(
                        () -> id(tales.clone().setSplit(SplitRule.newBuilder().addTrain("a"))))
                .hasMessageContaining("dataset.split: builtin:tiny-tales has splits of its own");
    }

    private static void refuses(DatasetSpec.Builder spec, String sentence) {
        assertThatThrownBy(() -> DatasetDefinition.of(spec.build()))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining(sentence);
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
    void refusesHubSettingsThatLeadNowhere() {
        assertThatThrownBy(() ->
                        new HubSettings(URI.create("ftp://x"), Optional.empty(), Duration.ofSeconds(1), Duration.ZERO))
                .hasMessageContaining("infinito.dataset.hub.base-url");
    }

    private String id(DatasetSpec.Builder spec) throws IOException {
        DatasetDefinition definition = DatasetDefinition.of(spec.build());
        return definition.id(
                Texts.local(folder.resolve("cache")).open(definition.address(), definition.rules(), folder), 262_144);
    }

    private static DatasetSpec.Builder spec(Path file) {
        return DatasetSpec.newBuilder().setSource("file:" + file);
    }
}
