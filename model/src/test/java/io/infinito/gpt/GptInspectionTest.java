package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GptInspectionTest {
    /** More than one piece of 64 places, and one that is not full. */
    private static final int LENGTH = 100;

    private static final GptConfig TINY = new GptConfig(300, 128, 2, 4, 16, true);

    private NDManager manager;
    private GptInspection inspection;
    private GptWeights weights;
    private long[] ids;

    @BeforeEach
    void open() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        inspection = GptInspection.compile(manager, TINY, Precision.FLOAT32);
        weights = GptWeights.random(manager, TINY, 3);
        // Wide enough that heads prefer something.
        for (int i = 0; i < weights.arrays().size(); i++) {
            if (weights.parameters().get(i).decays()) {
                weights.arrays().get(i).muli(20);
            }
        }
        ids = new Random(5).ints(LENGTH, 0, 300).asLongStream().toArray();
    }

    @AfterEach
    void close() {
        inspection.close();
        weights.close();
        manager.close();
    }

    @Test
    void scoresAreThoseOfTheForwardPass() {
        List<TokenScore> scores = inspection.scores(manager, weights, ids, 3);
        float[] logits;
        try (Gpt gpt = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32)) {
            logits = gpt.logits(manager, weights, manager.create(ids, new Shape(1, LENGTH)))
                    .toFloatArray();
        }
        assertThat(scores).hasSize(LENGTH - 1);
        for (int t = 0; t < LENGTH - 1; t++) {
            float[] row = Arrays.copyOfRange(logits, 300 * t, 300 * (t + 1));
            double sum = 0;
            int rank = 1;
            for (float logit : row) {
                sum += Math.exp(logit);
                rank += logit > row[(int) ids[t + 1]] ? 1 : 0;
            }
            TokenScore score = scores.get(t);
            assertThat((double) score.logprob()).isCloseTo(row[(int) ids[t + 1]] - Math.log(sum), within(1e-4));
            assertThat(score.rank()).isEqualTo(rank);
            assertThat(score.top()).hasSize(3);
            int likeliest = score.top().keySet().iterator().next();
            float largest = row[likeliest];
            for (float logit : row) {
                assertThat(logit).isLessThanOrEqualTo(largest);
            }
            assertThat((double) score.top().get(likeliest)).isCloseTo(largest - Math.log(sum), within(1e-4));
        }
    }

    @Test
    void attentionRowsAddUpToOneAndSeeNothingLater() {
        float[][][] attention = inspection.attention(manager, weights, ids);
        assertThat(attention.length).isEqualTo(2);
        for (float[][] layer : attention) {
            assertThat(layer.length).isEqualTo(4);
            for (float[] head : layer) {
                for (int t = 0; t < LENGTH; t++) {
                    float sum = 0;
                    for (int s = 0; s < LENGTH; s++) {
                        sum += head[t * LENGTH + s];
                        if (s > t) {
                            assertThat(head[t * LENGTH + s]).isZero();
                        }
                    }
                    assertThat(sum).isCloseTo(1, within(1e-4f));
                }
            }
        }
        assertThat(attention[0][0]).isNotEqualTo(attention[0][1]);
    }

    @Test
    void leavesNoNativeArraysBehind() {
        inspection.scores(manager, weights, ids, 2);
        int before = manager.getManagedArrays().size();
        try (NDManager step = manager.newSubManager()) {
            inspection.scores(step, weights, ids, 2);
            inspection.attention(step, weights, ids);
        }
        assertThat(manager.getManagedArrays()).hasSize(before);
    }
}
