package io.infinito.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptGradients;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.StepClock;
import io.infinito.gpt.StepClock.Phase;
import java.util.ArrayList;
import java.util.List;

/**
 * Optimizer steps: batches, gradients, update. The host only hands work over; it waits for the device when it asks for what some steps
 * found. What the training loop runs and what the benchmark measures is this.
 */
public final class TrainStep implements AutoCloseable {
    /**
     * What a step found.
     *
     * @param microBatches of the step
     * @param verdict of the guard
     */
    public record Result(int microBatches, GradientGuard.Verdict verdict) {
        /** Mean of the step, natural logarithm per token. */
        public double loss() {
            return verdict.lossSum() / microBatches;
        }
    }

    /** Enough to hide the wait, few enough for figures that are seconds old at most. */
    private static final int GPU_READ_BACK = 10;

    private final NDManager manager;
    private final AdamW optimizer;
    private final GptGradients gradients;
    private final BatchLoader batches;
    private final int batchSize;
    private final GradientGuard guard;
    private final StepClock clock;
    /** Micro-batches of the steps that were not asked for yet. */
    private final List<Integer> handedOver = new ArrayList<>();

    /**
     * Steps over these weights, on the calling thread, which must be the only one that uses autograd in this process.
     *
     * @param batchSize sequences in a micro-batch, B
     * @param guard judges each step, and keeps what it found
     * @param clock told where the time goes
     */
    public TrainStep(
            NDManager parent,
            Gpt gpt,
            GptWeights weights,
            AdamW optimizer,
            BatchLoader batches,
            int batchSize,
            GradientGuard guard,
            StepClock clock) {
        JniUtils.setGradMode(true);
        manager = parent.newSubManager();
        this.optimizer = optimizer;
        this.batches = batches;
        this.batchSize = batchSize;
        this.guard = guard;
        this.clock = clock;
        gradients = new GptGradients(manager, gpt, weights, clock);
    }

    /**
     * Hands one step over.
     *
     * @param order where the epoch's sequences begin
     * @param first of the sequences that the step trains on
     * @param last behind the last of them
     * @param step optimizer steps done before
     * @param learningRate of this step
     */
    public void run(long[] order, int first, int last, int step, double learningRate) {
        try (NDManager pass = manager.newSubManager()) {
            NDArray lossSum = pass.zeros(new Shape());
            int microBatches = 0;
            for (int from = first; from < last; from += batchSize) {
                BatchLoader.Batch batch =
                        batches.load(pass, order, from, Math.min(last, from + batchSize), step, microBatches);
                clock.ended(Phase.DATA);
                lossSum.addi(gradients.add(pass, batch.idsBT(), batch.targetsBT()));
                microBatches++;
            }
            optimizer.update(pass, gradients, lossSum, learningRate, guard);
            handedOver.add(microBatches);
            clock.ended(Phase.OPTIMIZER);
        }
    }

    /** Steps that a device is given before what they found is read, unless someone says otherwise. Reading from a CPU waits for nothing. */
    public static int usualReadBack(Device device) {
        return device.isGpu() ? GPU_READ_BACK : 1;
    }

    /** Steps that were handed over since the last {@link #read}. */
    public int unread() {
        return handedOver.size();
    }

    /** Waits for the steps that were handed over since the last call and tells what they found, in order. */
    public List<Result> read() {
        List<GradientGuard.Verdict> verdicts = guard.read();
        List<Result> results = new ArrayList<>(verdicts.size());
        for (int i = 0; i < verdicts.size(); i++) {
            results.add(new Result(handedOver.get(i), verdicts.get(i)));
        }
        handedOver.clear();
        clock.ended(Phase.OPTIMIZER);
        return results;
    }

    @Override
    public void close() {
        gradients.close();
        manager.close();
    }
}
