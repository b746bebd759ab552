package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.Precision;
import io.infinito.gpt.StepClock;
import java.io.IOException;
import java.lang.management.MemoryUsage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchLoaderTest {
    private static final int CONTEXT = 16;

    @TempDir
    Path folder;

    private NDManager manager;
    private SequenceOrder sequences;
    private TokenDropout none;

    @BeforeEach
    void prepare() throws IOException {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        TokenFile tokens = TokenFiles.cycle(folder, 500, 300, 1);
        sequences = new SequenceOrder(tokens, CONTEXT, 3);
        none = new TokenDropout(tokens, 0, 3);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @Test
    void batchesCutOnTheDeviceAreThoseOfTheHost() {
        long[] order = sequences.ofEpoch(0);
        try (BatchLoader host = BatchLoader.of(manager, sequences, none, CONTEXT);
                BatchLoader device = BatchLoader.onDevice(manager, sequences, none, CONTEXT)) {
            BatchLoader.Batch expected = host.load(manager, order, 2, 7, 0, 0);
            BatchLoader.Batch batch = device.load(manager, order, 2, 7, 0, 0);
            assertThat(batch.idsBT().getShape()).isEqualTo(expected.idsBT().getShape());
            assertThat(batch.idsBT().toLongArray()).isEqualTo(expected.idsBT().toLongArray());
            assertThat(batch.targetsBT().toLongArray())
                    .isEqualTo(expected.targetsBT().toLongArray());
        }
    }

    @Test
    void onlyAFileThatLeavesRoomGoesToTheDevice() {
        long gibibyte = 1L << 30;
        assertThat(BatchLoader.fits(2_422_480, 16 * gibibyte)).isTrue();
        assertThat(BatchLoader.fits(2_422_480, 2_422_480 * 15L)).isFalse();
        assertThat(BatchLoader.fits(300_000_000, 80 * gibibyte)).isFalse();
    }

    @Test
    void nothingGoesToADeviceThatCannotTellItsFreeMemory() {
        assertThat(BatchLoader.freeBytes(() -> new MemoryUsage(0, 20, 30, 100))).isEqualTo(70);
        long unknown = BatchLoader.freeBytes(() -> {
            throw new IllegalArgumentException("CUDA API call failed: no error");
        });
        assertThat(BatchLoader.fits(500, unknown)).isFalse();
    }

    /** The path of a GPU, which has its tokens in its memory and its products in bfloat16. */
    @Test
    void stepsFromDeviceTokensEqualThoseFromTheHostInBfloat16Too() throws IOException {
        for (Precision precision : Precision.values()) {
            try (BatchLoader host = BatchLoader.of(manager, sequences, none, CONTEXT);
                    BatchLoader device = BatchLoader.onDevice(manager, sequences, none, CONTEXT)) {
                assertThat(results(device, precision)).isEqualTo(results(host, precision));
            }
        }
    }

    @Test
    void aThousandStepsLeaveNoNativeArrayBehind() {
        try (BatchLoader batches = BatchLoader.onDevice(manager, sequences, none, CONTEXT);
                Run run = new Run(batches, Precision.FLOAT32)) {
            run.step(0);
            int before = manager.getManagedArrays().size();
            for (int step = 1; step <= 1000; step++) {
                run.step(step);
            }
            assertThat(manager.getManagedArrays()).hasSize(before);
        }
    }

    private List<TrainStep.Result> results(BatchLoader batches, Precision precision) {
        try (Run run = new Run(batches, precision)) {
            List<TrainStep.Result> results = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                results.add(run.step(step));
            }
            return results;
        }
    }

    /** Steps of two micro-batches of two sequences. */
    private final class Run implements AutoCloseable {
        private final Gpt gpt;
        private final GptWeights weights;
        private final AdamW optimizer;
        private final GradientGuard guard;
        private final TrainStep steps;
        private final long[] order = sequences.ofEpoch(0);

        Run(BatchLoader batches, Precision precision) {
            GptConfig config = new GptConfig(300, CONTEXT, 1, 1, 4, true);
            gpt = Gpt.compile(manager, config, Dropout.NONE, precision);
            weights = GptWeights.random(manager, config, 1);
            optimizer = new AdamW(manager, weights, new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1));
            guard = new GradientGuard(manager, true, 0, GradientGuard.Seen.NOTHING, 1);
            steps = new TrainStep(manager, gpt, weights, optimizer, batches, 2, guard, new StepClock(System::nanoTime));
        }

        TrainStep.Result step(int step) {
            int first = step * 4 % (order.length - 4);
            steps.run(order, first, first + 4, step, 0.01);
            return steps.read().get(0);
        }

        @Override
        public void close() {
            steps.close();
            guard.close();
            optimizer.close();
            weights.close();
            gpt.close();
        }
    }
}
