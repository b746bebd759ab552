package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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

class GptTest {
    private static final GptConfig TINY = new GptConfig(300, 24, 2, 4, 16, true);
    private static final AdamW.Settings ADAMW = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1.0);

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
            // Training knows the padded rows too: 384 of them.
            NDArray train = gpt.trainLoss(manager, weights, ids(1, 4, 24), ids(2, 4, 24));
            assertThat(train.getFloat()).isCloseTo((float) Math.log(384), within(0.02f));
        }
    }

    @Test
    void noLogitDependsOnALaterToken() {
        try (Gpt gpt = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, 1)) {
            weights.requireGradients();
            // Only the target at position 9 counts, so the position embeddings after it must have no gradient at all.
            long[] targets = new long[24];
            java.util.Arrays.fill(targets, -100);
            targets[9] = 7;
            NDArray loss = gpt.trainLoss(manager, weights, ids(1, 1, 24), manager.create(targets, new Shape(1, 24)));
            weights.backward(loss);
            float[] byPosition =
                    weights.gradients(manager).get(1).abs().sum(new int[] {1}).toFloatArray();
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
    void cachedDecodingEqualsTheFullForward() {
        for (boolean tied : new boolean[] {true, false}) {
            GptConfig config = new GptConfig(300, 24, 2, 4, 16, tied);
            try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                    GptWeights weights = GptWeights.random(manager, config, 3);
                    KvCache cache = new KvCache(manager, config)) {
                long[] ids = ids(5, 1, 24).toLongArray();
                float[] full = gpt.logits(manager, weights, manager.create(ids, new Shape(1, 24)))
                        .toFloatArray();
                // A prompt of seven, a piece of five behind it, then one by one.
                List<int[]> ranges = new ArrayList<>(List.of(new int[] {0, 7}, new int[] {7, 12}));
                for (int t = 12; t < 24; t++) {
                    ranges.add(new int[] {t, t + 1});
                }
                for (int[] range : ranges) {
                    float[] next = gpt.extend(
                                    manager, weights, cache, java.util.Arrays.copyOfRange(ids, range[0], range[1]))
                            .toFloatArray();
                    float[] expected = java.util.Arrays.copyOfRange(full, (range[1] - 1) * 300, range[1] * 300);
                    assertThat(next).as("after %d tokens", range[1]).containsExactly(expected, within(1e-5f));
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

    @Test
    void leavesNoNativeArraysBehind() {
        try (Gpt gpt = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, 7);
                AdamW optimizer = new AdamW(manager, weights, ADAMW)) {
            weights.requireGradients();
            step(gpt, weights, optimizer, 1);
            int before = manager.getManagedArrays().size();
            for (int i = 0; i < 20; i++) {
                step(gpt, weights, optimizer, 1);
            }
            assertThat(manager.getManagedArrays()).hasSize(before);
        }
    }

    @Test
    void bfloat16ProductsStayCloseToFloat32() {
        try (Gpt exact = Gpt.compile(manager, TINY, Dropout.NONE, Precision.FLOAT32);
                Gpt half = Gpt.compile(manager, TINY, Dropout.NONE, Precision.BFLOAT16);
                GptWeights weights = GptWeights.random(manager, TINY, 7)) {
            weights.requireGradients();
            NDArray loss = half.trainLoss(manager, weights, ids(1, 2, 24), ids(2, 2, 24));
            weights.backward(loss);
            NDArray reference = exact.trainLoss(manager, weights, ids(1, 2, 24), ids(2, 2, 24));
            assertThat(loss.getFloat()).isCloseTo(reference.getFloat(), within(2e-3f));
            assertThat(weights.gradients(manager))
                    .allSatisfy(g -> assertThat(g.norm().getFloat()).isFinite());
        }
    }

    private List<Double> losses(long seed, int steps, Dropout dropout, int microBatches) {
        try (Gpt gpt = Gpt.compile(manager, TINY, dropout, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, TINY, seed);
                AdamW optimizer = new AdamW(manager, weights, ADAMW)) {
            weights.requireGradients();
            List<Double> losses = new ArrayList<>();
            for (int i = 0; i < steps; i++) {
                JniUtils.setSeed(seed + i);
                losses.add(step(gpt, weights, optimizer, microBatches));
            }
            return losses;
        }
    }

    private double step(Gpt gpt, GptWeights weights, AdamW optimizer, int microBatches) {
        int rows = 4 / microBatches;
        double sum = 0;
        try (NDManager step = manager.newSubManager()) {
            long[] ids = random(1, 4 * 24);
            long[] targets = random(2, 4 * 24);
            for (int m = 0; m < microBatches; m++) {
                int from = m * rows * 24;
                NDArray loss = gpt.trainLoss(
                        step,
                        weights,
                        step.create(java.util.Arrays.copyOfRange(ids, from, from + rows * 24), new Shape(rows, 24)),
                        step.create(
                                java.util.Arrays.copyOfRange(targets, from, from + rows * 24), new Shape(rows, 24)));
                weights.backward(loss);
                sum += loss.getFloat();
            }
            optimizer.update(step, microBatches, 0.01);
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
