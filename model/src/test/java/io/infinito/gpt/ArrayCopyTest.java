package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.safetensors.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a machine with a GPU the default device is one, and what DJL leaves behind on the host shows. */
class ArrayCopyTest {
    private static final GptConfig CONFIG = new GptConfig(300, 16, 1, 1, 8, true);

    private NDManager manager;

    @BeforeEach
    void openManager() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @Test
    void savingAndRestoringLeavesNoArrayBehind() {
        try (GptWeights weights = GptWeights.random(manager, CONFIG, 1);
                AdamW optimizer = new AdamW(manager, weights, new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1));
                GemmPeak peak = GemmPeak.square(manager, Precision.FLOAT32, System::nanoTime)) {
            int before = manager.getManagedArrays().size();
            assertThat(before)
                    .as("each weight, and three for its moments")
                    .isLessThan(6 * weights.arrays().size());
            for (int i = 0; i < 3; i++) {
                Map<String, Tensor> saved = byName(weights.snapshot());
                Map<String, Tensor> state = byName(optimizer.snapshot());
                optimizer.restore((name, shape) -> state.get(name));
                try (GptWeights copy = weights.copy(manager);
                        GptWeights loaded = GptWeights.load(manager, CONFIG, (name, shape) -> saved.get(name))) {
                    assertThat(copy.arrays()).isEqualTo(weights.arrays());
                    assertThat(loaded.arrays()).isEqualTo(weights.arrays());
                }
                peak.measure();
            }
            assertThat(manager.getManagedArrays()).hasSize(before);
        }
    }

    private static Map<String, Tensor> byName(List<Tensor> tensors) {
        return tensors.stream().collect(Collectors.toMap(Tensor::name, Function.identity()));
    }
}
