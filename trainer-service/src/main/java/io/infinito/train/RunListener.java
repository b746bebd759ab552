package io.infinito.train;

import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.GptWeights;

/** What {@link TrainingLoop} tells while it runs, on its own thread. */
public interface RunListener {
    /**
     * One optimizer step.
     *
     * @param step optimizer steps done
     * @param epoch under way, from 1
     * @param loss mean of the step, natural logarithm per token
     * @param learningRate of the step
     * @param gradientNorm before clipping
     * @param tokens that the step trained on
     */
    record StepDone(int step, int epoch, double loss, double learningRate, double gradientNorm, int tokens) {}

    /**
     * One epoch.
     *
     * @param epoch that ended, from 1
     * @param step optimizer steps done
     * @param trainLoss mean over the epoch's tokens with dropout, natural logarithm per token
     * @param validationLoss over the whole validation split
     * @param learningRate of the last step
     * @param tokensPerSecond trained, evaluation left out
     * @param seconds of the epoch, evaluation included
     * @param best whether the validation loss is the lowest so far
     */
    record EpochDone(
            int epoch,
            int step,
            double trainLoss,
            double validationLoss,
            double learningRate,
            double tokensPerSecond,
            double seconds,
            boolean best) {}

    /** A step is done. */
    void stepDone(StepDone step);

    /** A checkpoint is due inside an epoch. Weights and optimizer must be copied before this returns. */
    void checkpointDue(TrainerState state, GptWeights weights, AdamW optimizer, double trainLoss);

    /** An epoch is done and its checkpoint is due. Weights and optimizer must be copied before this returns. */
    void epochDone(EpochDone epoch, TrainerState state, GptWeights weights, AdamW optimizer);

    /** Whether the loop should end between two steps, without finishing its epoch. */
    boolean stopRequested();
}
