package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptParameters.Layout;
import io.infinito.gpt.GptParameters.Parameter;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses, gradients and AdamW steps against {@link ReferenceTraining}. */
class GptGradientsTest {
    private static final int VOCABULARY = 20;
    private static final int CONTEXT = 6;
    private static final int ROWS = 2;
    /** Does not divide the rows of a batch. */
    private static final int CHUNK_ROWS = 5;
    /** Float32 sums of a few dozen numbers below 1; the largest gradients are near 0.3. */
    private static final double GRADIENT_TOLERANCE = 2e-6;

    @TempDir
    Path folder;

    private final Random random = new Random(5);
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

    @ParameterizedTest(name = "tied {0}, label smoothing {1}")
    @CsvSource({"true, 0", "false, 0", "true, 0.1", "false, 0.1"})
    void lossAndEveryGradientEqualTheReference(boolean tied, double smoothing) throws IOException {
        GptConfig config = config(tied);
        List<Tensor> checkpoint = checkpoint(config);
        int[][] ids = batch();
        int[][] targets = batch();
        ReferenceGpt reference = new ReferenceGpt(config, checkpoint);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, smoothing, Precision.FLOAT32);
                GptWeights weights = GptWeights.load(manager, config, SafeTensors.read(file()));
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock, CHUNK_ROWS)) {
            NDArray loss = gradients.add(manager, array(ids), array(targets));
            assertThat((double) loss.getFloat()).isCloseTo(reference.loss(ids, targets, smoothing), within(2e-6));
            assertGradients(weights, gradients, new ReferenceTraining(reference).gradients(ids, targets, smoothing), 1);
        }
    }

    /** With clipping, weight decay, and two micro-batches a step. */
    @ParameterizedTest(name = "tied {0}, label smoothing {1}")
    @CsvSource({"true, 0", "false, 0.1"})
    void threeStepsEqualTheReference(boolean tied, double smoothing) throws IOException {
        // The gradient of a key's bias is zero but for rounding. With a tiny epsilon AdamW would make a full step of
        // the rounding.
        AdamW.Settings settings = new AdamW.Settings(0.9, 0.95, 1e-3, 0.1, 0.25);
        GptConfig config = config(tied);
        ReferenceGpt reference = new ReferenceGpt(config, checkpoint(config));
        ReferenceTraining training = new ReferenceTraining(reference);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, smoothing, Precision.FLOAT32);
                GptWeights weights = GptWeights.load(manager, config, SafeTensors.read(file()));
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock, CHUNK_ROWS);
                AdamW optimizer = new AdamW(manager, weights, settings)) {
            for (int step = 0; step < 3; step++) {
                double rate = 0.01 * (step + 1);
                int[][] ids = batch();
                int[][] targets = batch();
                gradients.add(manager, array(first(ids)), array(first(targets)));
                gradients.add(manager, array(last(ids)), array(last(targets)));
                // The mean of two halves of equal size is that of the whole.
                Map<String, double[]> expected = training.gradients(ids, targets, smoothing);
                assertGradients(weights, gradients, expected, 2);
                double norm = update(optimizer, gradients, rate).norm();
                double expectedNorm = ReferenceTraining.norm(expected);
                assertThat(expectedNorm).as("clipping happens").isGreaterThan(settings.clipNorm());
                assertThat(norm).isCloseTo(expectedNorm, within(1e-5));
                training.step(expected, settings, rate);
            }
            for (Tensor tensor : weights.snapshot()) {
                assertClose(tensor.name(), tensor.floats(), reference.weights().get(tensor.name()), 1e-5);
            }
        }
    }

    @Test
    void chunksOfTheHeadDoNotChangeTheResult() throws IOException {
        GptConfig config = config(true);
        checkpoint(config);
        int[][] ids = batch();
        int[][] targets = batch();
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.load(manager, config, SafeTensors.read(file()));
                GptGradients whole = new GptGradients(manager, gpt, weights, clock);
                GptGradients chunks = new GptGradients(manager, gpt, weights, clock, 1)) {
            float loss = whole.add(manager, array(ids), array(targets)).getFloat();
            assertThat(chunks.add(manager, array(ids), array(targets)).getFloat())
                    .isCloseTo(loss, within(1e-6f));
            for (int i = 0; i < whole.arrays().size(); i++) {
                assertThat(chunks.arrays().get(i).toFloatArray())
                        .containsExactly(whole.arrays().get(i).toFloatArray(), within(1e-6f));
            }
        }
    }

    @Test
    void gradientsThatAreNoNumbersAreForgottenWithTheNextStep() throws IOException {
        GptConfig config = config(false);
        checkpoint(config);
        AdamW.Settings settings = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.load(manager, config, SafeTensors.read(file()));
                GptGradients gradients = new GptGradients(manager, gpt, weights, clock);
                AdamW optimizer = new AdamW(manager, weights, settings)) {
            gradients.add(manager, array(batch()), array(batch()));
            gradients.arrays().forEach(array -> array.muli(Float.NaN));
            GradientGuard.Verdict first = update(optimizer, gradients, 0.01);
            assertThat(first.norm()).isNaN();
            assertThat(first.refused()).isTrue();
            gradients.add(manager, array(batch()), array(batch()));
            assertThat(update(optimizer, gradients, 0.01).norm()).isFinite();
        }
    }

    private GradientGuard.Verdict update(AdamW optimizer, GptGradients gradients, double rate) {
        try (GradientGuard guard = new GradientGuard(manager, true, 0, GradientGuard.Seen.NOTHING, 1)) {
            optimizer.update(manager, gradients, manager.zeros(new Shape()), rate, guard);
            return guard.read().get(0);
        }
    }

    private void assertGradients(
            GptWeights weights, GptGradients gradients, Map<String, double[]> expected, int microBatches) {
        for (int i = 0; i < weights.parameters().size(); i++) {
            Parameter parameter = weights.parameters().get(i);
            float[] found = gradients.arrays().get(i).toFloatArray();
            FloatBuffer saved = FloatBuffer.allocate((int) parameter.savedElements());
            for (int at = 0; at < saved.capacity(); at++) {
                int from = parameter.layout() == Layout.TRANSPOSED
                        // Saved as [in, out], held as [out, in].
                        ? at % parameter.rows() * parameter.columns() + at / parameter.rows()
                        : at;
                saved.put(at, found[from] / microBatches);
            }
            assertClose(parameter.name(), saved, expected.get(parameter.name()), GRADIENT_TOLERANCE);
            for (int padding = saved.capacity(); padding < found.length; padding++) {
                assertThat(found[padding]).as("padding of " + parameter.name()).isZero();
            }
        }
    }

    private static void assertClose(String name, FloatBuffer found, double[] expected, double tolerance) {
        assertThat(found.capacity()).isEqualTo(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found.get(i)).as("%s, number %d", name, i).isCloseTo(expected[i], within(tolerance));
        }
    }

    private static GptConfig config(boolean tied) {
        return new GptConfig(VOCABULARY, CONTEXT, 2, 2, 8, tied);
    }

    /** Weights where nothing is zero or small enough to cancel out; also in {@link #file}. */
    private List<Tensor> checkpoint(GptConfig config) throws IOException {
        List<Tensor> tensors;
        try (GptWeights initial = GptWeights.random(manager, config, 1)) {
            tensors = initial.snapshot();
        }
        for (Tensor tensor : tensors) {
            FloatBuffer floats = tensor.floats();
            for (int i = 0; i < floats.capacity(); i++) {
                floats.put(i, (float) random.nextGaussian() * 0.3f);
            }
        }
        SafeTensors.write(file(), tensors);
        return tensors;
    }

    private Path file() {
        return folder.resolve("model.safetensors");
    }

    private int[][] batch() {
        int[][] rows = new int[ROWS][];
        Arrays.setAll(rows, row -> random.ints(CONTEXT, 0, VOCABULARY).toArray());
        return rows;
    }

    private static int[][] first(int[][] rows) {
        return Arrays.copyOf(rows, rows.length / 2);
    }

    private static int[][] last(int[][] rows) {
        return Arrays.copyOfRange(rows, rows.length / 2, rows.length);
    }

    private NDArray array(int[][] rows) {
        long[] flat =
                Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray();
        return manager.create(flat, new Shape(rows.length, CONTEXT));
    }
}
