package io.infinito.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceDirectoryTest {
    private static final GptConfig TIED = new GptConfig(150, 12, 2, 2, 8, true);
    private static final GptConfig UNTIED = new GptConfig(150, 12, 2, 2, 8, false);

    @TempDir
    Path folder;

    private NDManager manager;

    @BeforeEach
    void openManager() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWasExportedHasTheSameLogits(boolean tied) throws IOException {
        GptConfig config = tied ? TIED : UNTIED;
        try (GptWeights weights = GptWeights.random(manager, config, 1)) {
            export(config, weights.snapshot());
            assertLogitsOfTheDirectoryEqual(weights);
        }
    }

    /** As the hub's gpt2 is saved: no prefix, masks as buffers, of a type that is not float32. */
    @Test
    void namesWithoutPrefixAndBuffersAreUnderstood() throws IOException {
        try (GptWeights weights = GptWeights.random(manager, TIED, 1)) {
            List<Tensor> bare = new ArrayList<>();
            for (Tensor tensor : weights.snapshot()) {
                bare.add(new Tensor(tensor.name().replace("transformer.", ""), tensor.shape(), tensor.data()));
            }
            bare.add(new Tensor("h.0.attn.bias", new long[] {1, 1, 12, 12}, ByteBuffer.allocate(576)));
            bare.add(new Tensor("h.0.attn.masked_bias", new long[0], ByteBuffer.allocate(4)));
            export(TIED, bare);
            Path model = folder.resolve(CheckpointKeys.MODEL);
            replace(model, "\"h.0.attn.bias\":{\"dtype\":\"F32\"", "\"h.0.attn.bias\":{\"dtype\":\"I32\"");
            assertLogitsOfTheDirectoryEqual(weights);
        }
    }

    @Test
    void shardsAreReadAsOne() throws IOException {
        try (GptWeights weights = GptWeights.random(manager, UNTIED, 1)) {
            List<Tensor> all = weights.snapshot();
            export(UNTIED, all);
            Files.delete(folder.resolve(CheckpointKeys.MODEL));
            SafeTensors.write(folder.resolve("model-00001-of-00002.safetensors"), all.subList(0, 9));
            SafeTensors.write(folder.resolve("model-00002-of-00002.safetensors"), all.subList(9, all.size()));
            StringBuilder map = new StringBuilder();
            for (int i = 0; i < all.size(); i++) {
                map.append(i == 0 ? "" : ",")
                        .append("\"%s\":\"model-0000%d-of-00002.safetensors\""
                                .formatted(all.get(i).name(), i < 9 ? 1 : 2));
            }
            Path index = folder.resolve("model.safetensors.index.json");
            Files.writeString(index, "{\"metadata\":{},\"weight_map\":{" + map + "}}");
            assertLogitsOfTheDirectoryEqual(weights);
            replace(index, "model-00002-of", "../model-00002-of");
            assertThatThrownBy(() -> new HuggingFaceDirectory(folder)).hasMessageContaining("which is not a file name");
        }
    }

    @Test
    void paddingOfTheVocabularyIsLeftOut() throws IOException {
        try (GptWeights padded = GptWeights.random(manager, TIED, 1)) {
            export(TIED, padded.snapshot());
        }
        HuggingFaceDirectory directory = new HuggingFaceDirectory(folder);
        GptConfig trimmed = new GptConfig(140, 12, 2, 2, 8, true);
        try (GptWeights weights = GptWeights.load(manager, trimmed, directory)) {
            Tensor tokens = weights.snapshot().get(0);
            assertThat(tokens.shape()).containsExactly(140, 8);
            assertThat(tokens.floats())
                    .isEqualTo(directory
                            .get("transformer.wte.weight", 150, 8)
                            .floats()
                            .slice(0, 140 * 8));
        }
    }

    @Test
    void saysWhatConfigurationAndWeightsDisagreeOn() throws IOException {
        try (GptWeights weights = GptWeights.random(manager, TIED, 1)) {
            for (String field : List.of("vocab_size\" : 150", "n_embd\" : 8", "n_positions\" : 12", "n_layer\" : 2")) {
                export(TIED, weights.snapshot());
                replace(folder.resolve(CheckpointKeys.CONFIG), field, field.replaceAll("\\d+$", "4"));
                assertThatThrownBy(() -> new HuggingFaceDirectory(folder))
                        .hasMessageContaining(field.substring(0, field.indexOf('"')) + "=4, but the weights have");
            }
            export(TIED, weights.snapshot());
            replace(
                    folder.resolve(CheckpointKeys.CONFIG),
                    "tie_word_embeddings\" : true",
                    "tie_word_embeddings\" : false");
            assertThatThrownBy(() -> new HuggingFaceDirectory(folder)).hasMessageContaining("lm_head.weight");
        }
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> new HuggingFaceDirectory(folder)).hasMessageContaining("model.safetensors.index.json");
        try (GptWeights weights = GptWeights.random(manager, TIED, 1)) {
            SafeTensors.write(folder.resolve(CheckpointKeys.MODEL), weights.snapshot());
        }
        assertThatThrownBy(() -> new HuggingFaceDirectory(folder)).hasMessageContaining("has no config.json");
    }

    private void export(GptConfig config, List<Tensor> tensors) throws IOException {
        SafeTensors.write(folder.resolve(CheckpointKeys.MODEL), tensors);
        Files.write(folder.resolve(CheckpointKeys.CONFIG), HuggingFaceConfig.write(config, -1));
    }

    private static void replace(Path file, String from, String to) throws IOException {
        String latin1 = new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(latin1).contains(from);
        Files.write(file, latin1.replace(from, to).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    private void assertLogitsOfTheDirectoryEqual(GptWeights expected) {
        HuggingFaceDirectory directory = new HuggingFaceDirectory(folder);
        assertThat(directory.config()).isEqualTo(expected.config());
        try (Gpt gpt = Gpt.compile(manager, expected.config(), Dropout.NONE, Precision.FLOAT32);
                GptWeights loaded = GptWeights.load(manager, directory.config(), directory)) {
            assertThat(logits(gpt, loaded)).isEqualTo(logits(gpt, expected));
        }
    }

    private float[] logits(Gpt gpt, GptWeights weights) {
        long[] ids = {3, 1, 4, 1, 5, 9, 2, 6, 149};
        return gpt.logits(manager, weights, manager.create(ids, new Shape(1, ids.length)))
                .toFloatArray();
    }
}
