package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GptTest {
    private static final GptConfig TINY = new GptConfig(300, 24, 2, 4, 16, true);
    private static final AdamW.Settings ADAMW = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1.0);

    private final StepClock clock = new StepClock(System::nanoTime);
    private NDManager manager;

    @BeforeEach
    void openManager() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        JniUtils.setGradMode(true);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @Test
    void startsNearTheLossOfAUniformGuess() {
        try (Gpt gpt = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, 1)) {
            NDArray loss = gpt.evaluationLoss(manager, weights, ids(1, 4, 24), ids(2, 4, 24));
            assertThat(loss.getFloat() / (4 * 24)).isCloseTo((float) Math.log(300), within(0.02f));
            try (GptGradients gradients = new GptGradients(manager, gpt, weights, clock)) {
                NDArray train = gradients.add(manager, ids(1, 4, 24), ids(2, 4, 24));
                assertThat(train.getFloat()).isCloseTo((float) Math.log(300), within(0.02f));
            }
        }
    }

    /** In float64 from the logits of all rows. Pieces of 5 rows do not divide the 96 of the batch, of which 3 do not count. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 96, 1024})
    void evaluationInPiecesEqualsThatOfAllLogits(int chunkRows) {
        GptConfig config = new GptConfig(300, 24, 2, 4, 16, false);
        try (Gpt gpt = Gpt.compile(manager, config, new Dropout(0.5, 0.5, 0.5), 0.1, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, config, 1)) {
            // As large as those of a trained network.
            weights.arrays().get(weights.arrays().size() - 1).muli(50);
            NDArray ids = ids(1, 4, 24);
            long[] targets = random(2, 4 * 24);
            targets[0] = -100;
            targets[17] = -100;
            targets[95] = -100;
            float[] logits = gpt.logits(manager, weights, ids).toFloatArray();
            double expected = 0;
            for (int row = 0; row < targets.length; row++) {
                if (targets[row] >= 0) {
                    double sum = 0;
                    for (int token = 0; token < 300; token++) {
                        sum += Math.exp(logits[300 * row + token]);
                    }
                    expected += Math.log(sum) - logits[300 * row + (int) targets[row]];
                }
            }
            double found = gpt.evaluationLoss(
                            manager, weights, ids, manager.create(targets, new Shape(4, 24)), chunkRows)
                    .getFloat();
            assertThat(found / expected).isCloseTo(1, within(1e-6));
        }
    }

    /** A device need not be there to be asked about. */
    @Test
    void aGpuGetsMoreRowsOfLogitsAtOnce() {
        assertThat(Gpt.logitRows(Device.cpu())).isEqualTo(1024);
        assertThat(Gpt.logitRows(Device.gpu())).isEqualTo(4096);
        assertThat(Gpt.logitRows(manager.getDevice())).isEqualTo(1024);
    }

    @Test
    void noLogitDependsOnALaterToken() {
        try (Gpt gpt = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, 1);
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock)) {
            // Only the target at position 9 counts, so the position embeddings after it must have no gradient at all.
            long[] targets = new long[24];
            java.util.Arrays.fill(targets, -100);
            targets[9] = 7;
            gradients.add(manager, ids(1, 1, 24), manager.create(targets, new Shape(1, 24)));
            float[] byPosition =
                    gradients.arrays().get(1).abs().sum(new int[] {1}).toFloatArray();
            for (int t = 0; t < 24; t++) {
                if (t <= 9) {
                    assertThat(byPosition[t]).as("position %d", t).isPositive();
                } else {
                    assertThat(byPosition[t]).as("position %d", t).isZero();
                }
            }
        }
    }

    @Test
    void learnsOneBatchByHeart() {
        double last = losses(7, 60, Dropout.NONE, 1).get(59);
        assertThat(last).isLessThan(0.1);
    }

    @Test
    void equalSeedsGiveEqualLosses() {
        Dropout dropout = new Dropout(0.1, 0.1, 0.1);
        assertThat(losses(7, 8, dropout, 1)).isEqualTo(losses(7, 8, dropout, 1));
        assertThat(losses(7, 8, dropout, 1)).isNotEqualTo(losses(8, 8, dropout, 1));
    }

    @Test
    void accumulationEqualsTheLargeBatch() {
        List<Double> whole = losses(7, 6, Dropout.NONE, 1);
        List<Double> halves = losses(7, 6, Dropout.NONE, 2);
        for (int i = 0; i < whole.size(); i++) {
            assertThat(halves.get(i)).isCloseTo(whole.get(i), within(2e-4));
        }
    }

    /** As many numbers as several threads share, and many tokens that occur more than once. */
    @Test
    void gradientsAreTheSameToTheLastBit() {
        GptConfig config = new GptConfig(300, 24, 1, 2, 64, true);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, config, 7);
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock)) {
            List<float[]> first = new ArrayList<>();
            for (int repetition = 0; repetition < 5; repetition++) {
                gradients.add(manager, ids(1, 64, 24), ids(2, 64, 24));
                for (int i = 0; i < weights.arrays().size(); i++) {
                    float[] found = gradients.arrays().get(i).toFloatArray();
                    if (repetition == 0) {
                        first.add(found);
                    } else {
                        assertThat(found).as(weights.parameters().get(i).name()).isEqualTo(first.get(i));
                    }
                }
                gradients.restart();
            }
        }
    }

    @Test
    void leavesNoNativeArraysBehind() {
        try (Gpt gpt = Gpt.compile(manager, TINY, new Dropout(0.1, 0, 0.1), Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, 7);
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock);
                AdamW optimizer = new AdamW(manager, weights, ADAMW)) {
            step(gradients, optimizer, 2);
            int before = manager.getManagedArrays().size();
            int held = gradients.nativeArrays();
            for (int i = 0; i < 20; i++) {
                step(gradients, optimizer, 2);
            }
            assertThat(manager.getManagedArrays()).hasSize(before);
            assertThat(gradients.nativeArrays()).isEqualTo(held);
        }
    }

    @Test
    void bfloat16ProductsStayCloseToFloat32() {
        try (Gpt exact = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                Gpt half = Gpt.compile(manager, TINY, Dropout.NONE, Precision.BFLOAT16);
                GptWeights weights = GptWeights.random(manager, TINY, 7);
                GptGradients exactGradients = new GptGradients(manager, exact, weights, clock);
                GptGradients halfGradients = new GptGradients(manager, half, weights, clock)) {
            NDArray loss = halfGradients.add(manager, ids(1, 2, 24), ids(2, 2, 24));
            NDArray reference = exactGradients.add(manager, ids(1, 2, 24), ids(2, 2, 24));
            assertThat(loss.getFloat()).isCloseTo(reference.getFloat(), within(2e-3f));
            for (int i = 0; i < weights.arrays().size(); i++) {
                NDArray expected = exactGradients.arrays().get(i);
                float difference =
                        halfGradients.arrays().get(i).sub(expected).norm().getFloat();
                // Eight bits of mantissa: errors of a few thousandths, and nothing that is wrong as a whole.
                assertThat(difference)
                        .as(weights.parameters().get(i).name())
                        .isLessThan(0.03f * expected.norm().getFloat() + 1e-5f);
            }
        }
    }

    private List<Double> losses(long seed, int steps, Dropout dropout, int microBatches) {
        try (Gpt gpt = Gpt.compile(manager, TINY, dropout, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, seed);
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock);
                AdamW optimizer = new AdamW(manager, weights, ADAMW)) {
            List<Double> losses = new ArrayList<>();
            for (int i = 0; i < steps; i++) {
                JniUtils.setSeed(seed + i);
                losses.add(step(gradients, optimizer, microBatches));
            }
            return losses;
        }
    }

    private double step(GptGradients gradients, AdamW optimizer, int microBatches) {
        int rows = 4 / microBatches;
        double sum = 0;
        try (NDManager step = manager.newSubManager();
                GradientGuard guard = new GradientGuard(step, true, 0, GradientGuard.Seen.NOTHING, 1)) {
            long[] ids = random(1, 4 * 24);
            long[] targets = random(2, 4 * 24);
            for (int m = 0; m < microBatches; m++) {
                int from = m * rows * 24;
                int to = from + rows * 24;
                NDArray loss = gradients.add(
                        step,
                        step.create(java.util.Arrays.copyOfRange(ids, from, to), new Shape(rows, 24)),
                        step.create(java.util.Arrays.copyOfRange(targets, from, to), new Shape(rows, 24)));
                sum += loss.getFloat();
            }
            optimizer.update(step, gradients, step.zeros(new Shape()), 0.01, guard);
        }
        return sum / microBatches;
    }

    private NDArray ids(long seed, int rows, int columns) {
        return manager.create(random(seed, rows * columns), new Shape(rows, columns));
    }

    private static long[] random(long seed, int count) {
        return new Random(seed).ints(count, 0, 300).asLongStream().toArray();
    }
}
