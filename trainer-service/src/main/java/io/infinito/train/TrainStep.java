package io.infinito.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptGradients;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.StepClock;
import io.infinito.gpt.StepClock.Phase;

/**
 * Optimizer steps: batches, gradients, update. The host asks the device for numbers once, when a step is over; up to there it only hands
 * work over. What the training loop runs and what the benchmark measures is this.
 */
public final class TrainStep implements AutoCloseable {
    /**
     * What a step found.
     *
     * @param lossSum of its micro-batches
     * @param microBatches of the step
     * @param gradientNorm of the mean gradient, before clipping
     */
    public record Result(double lossSum, int microBatches, double gradientNorm) {}

    private final NDManager manager;
    private final AdamW optimizer;
    private final GptGradients gradients;
    private final BatchLoader batches;
    private final int batchSize;
    private final StepClock clock;

    /**
     * Steps over these weights, on the calling thread, which must be the only one that uses autograd in this process.
     *
     * @param batchSize sequences in a micro-batch, B
     * @param clock told where the time goes
     */
    public TrainStep(
            NDManager parent,
            Gpt gpt,
            GptWeights weights,
            AdamW optimizer,
            BatchLoader batches,
            int batchSize,
            StepClock clock) {
        JniUtils.setGradMode(true);
        manager = parent.newSubManager();
        this.optimizer = optimizer;
        this.batches = batches;
        this.batchSize = batchSize;
        this.clock = clock;
        gradients = new GptGradients(manager, gpt, weights, clock);
    }

    /**
     * One step.
     *
     * @param order where the epoch's sequences begin
     * @param first of the sequences that the step trains on
     * @param last behind the last of them
     * @param step optimizer steps done before
     * @param learningRate of this step
     * @param normLimit of the gradient; over it the weights stay as they are
     */
    public Result run(long[] order, int first, int last, int step, double learningRate, double normLimit) {
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
            NDArray norm = optimizer.update(pass, gradients, learningRate, normLimit);
            Result result = new Result(lossSum.getFloat(), microBatches, norm.getFloat());
            clock.ended(Phase.OPTIMIZER);
            return result;
        }
    }

    @Override
    public void close() {
        gradients.close();
        manager.close();
    }
}
