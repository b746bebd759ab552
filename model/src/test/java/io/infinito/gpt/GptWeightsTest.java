package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GptWeightsTest {
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
    void logitsOfASavedCheckpointEqualTheReference(boolean tied) throws IOException {
        GptConfig config = new GptConfig(150, 12, 3, 2, 8, tied);
        Path file = folder.resolve("model.safetensors");
        // Larger than initial weights, and LayerNorms and biases that are not trivial, so that nothing cancels out.
        List<Tensor> tensors;
        try (GptWeights random = GptWeights.random(manager, config, 1)) {
            tensors = random.snapshot();
        }
        Random random = new Random(2);
        for (Tensor tensor : tensors) {
            FloatBuffer floats = tensor.floats();
            for (int i = 0; i < floats.capacity(); i++) {
                floats.put(i, (float) random.nextGaussian() * 0.3f);
            }
        }
        SafeTensors.write(file, tensors);
        int[] ids = random.ints(12, 0, 150).toArray();
        double[][] expected = new ReferenceGpt(config, tensors).logits(ids);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.load(manager, config, SafeTensors.read(file))) {
            float[] logits = gpt.logits(
                            manager,
                            weights,
                            manager.create(
                                    java.util.Arrays.stream(ids).asLongStream().toArray(), new Shape(1, 12)))
                    .toFloatArray();
            for (int t = 0; t < 12; t++) {
                for (int v = 0; v < 150; v++) {
                    // Float32 sums of up to 32 products of numbers near 1.
                    assertThat((double) logits[t * 150 + v])
                            .as("position %d, token %d", t, v)
                            .isCloseTo(expected[t][v], within(2e-4));
                }
            }
        }
    }

    @Test
    void whatIsSavedIsLoadedBitForBit() throws IOException {
        GptConfig config = new GptConfig(150, 12, 2, 2, 8, true);
        Path file = folder.resolve("model.safetensors");
        try (GptWeights weights = GptWeights.random(manager, config, 1)) {
            SafeTensors.write(file, weights.snapshot());
            try (GptWeights loaded = GptWeights.load(manager, config, SafeTensors.read(file))) {
                for (int i = 0; i < weights.arrays().size(); i++) {
                    assertThat(loaded.arrays().get(i).toFloatArray())
                            .isEqualTo(weights.arrays().get(i).toFloatArray());
                }
            }
        }
    }

    @Test
    void namesTheTensorThatDoesNotFit() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (GptWeights weights = GptWeights.random(manager, new GptConfig(150, 12, 2, 2, 8, true), 1)) {
            SafeTensors.write(file, weights.snapshot());
        }
        SafeTensors saved = SafeTensors.read(file);
        assertThatThrownBy(() -> GptWeights.load(manager, new GptConfig(150, 16, 2, 2, 8, true), saved))
                .hasMessageContaining("transformer.wpe.weight")
                .hasMessageContaining("[12, 8], expected [16, 8]");
        assertThatThrownBy(() -> GptWeights.load(manager, new GptConfig(150, 12, 3, 2, 8, true), saved))
                .hasMessageContaining("has no tensor transformer.h.2.ln_1.weight");
        assertThatThrownBy(() -> GptWeights.load(manager, new GptConfig(150, 12, 2, 2, 8, false), saved))
                .hasMessageContaining("has no tensor lm_head.weight");
    }

    @Test
    void countsTheParametersOfKnownModels() {
        // GPT-2 small has 124,439,808 parameters with a tied head.
        assertThat(new GptConfig(50_257, 1024, 12, 12, 768, true).parameterCount())
                .isEqualTo(124_439_808L);
    }
}
