package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.gpt.GradientGuard.Seen;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rule in plain Java, for the calls of a CPU and those of a GPU. */
class WeightAverageTest {
    private static final GptConfig TINY = new GptConfig(300, 24, 2, 4, 16, false);
    private static final double DECAY = 0.2;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** The second step's norm is no number, so that its update is left out; the first has another share than the others. */
    @ParameterizedTest(name = "at once {0}")
    @ValueSource(booleans = {false, true})
    void followsTheRule(boolean atOnce) {
        float[] norms = {1, Float.NaN, 1, 1};
        try (GptWeights weights = GptWeights.random(manager, TINY, 1);
                WeightAverage average = new WeightAverage(manager, GptWeights.random(manager, TINY, 2), DECAY);
                GradientGuard guard = new GradientGuard(manager, true, 0, Seen.NOTHING, norms.length)) {
            List<NDArray> arrays = average.weights().arrays();
            List<float[]> expected = arrays.stream().map(NDArray::toFloatArray).toList();
            int updates = 0;
            for (float norm : norms) {
                weights.arrays().forEach(array -> array.addi(0.01f));
                guard.judge(manager.zeros(new Shape()), manager.create(norm));
                average.update(weights, guard, atOnce);
                if (Float.isFinite(norm)) {
                    updates++;
                    double share = 1 - Math.min(DECAY, (1.0 + updates) / (10.0 + updates));
                    for (int i = 0; i < arrays.size(); i++) {
                        float[] newest = weights.arrays().get(i).toFloatArray();
                        float[] sum = expected.get(i);
                        for (int j = 0; j < sum.length; j++) {
                            sum[j] += share * (newest[j] - sum[j]);
                        }
                    }
                }
                for (int i = 0; i < arrays.size(); i++) {
                    assertThat(arrays.get(i).toFloatArray())
                            .as(weights.parameters().get(i).name())
                            .containsExactly(expected.get(i), within(5e-7f));
                }
            }
            assertThat(guard.read())
                    .extracting(GradientGuard.Verdict::refused)
                    .containsExactly(false, true, false, false);
        }
    }
}
