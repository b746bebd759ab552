package io.infinito.train;

import io.infinito.checkpoint.TrainerState;
import io.infinito.safetensors.TensorSource;
import io.infinito.train.Continuations.Continuation;
import java.util.List;
import java.util.Optional;

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
     * @param skippedSteps updates of the run so far that the guard left out
     * @param seconds that it took; the mean of those that were read back together
     */
    record StepDone(
            int step,
            int epoch,
            double loss,
            double learningRate,
            double gradientNorm,
            int tokens,
            int skippedSteps,
            double seconds) {}

    /**
     * One epoch.
     *
     * @param epoch that ended, from 1
     * @param step optimizer steps done
     * @param trainLoss mean over the epoch's tokens with dropout and smoothed targets, natural logarithm per token
     * @param validation all of the split
     * @param test all of the split with the run's best weights, after the last epoch
     * @param continuations of the plan's prompts
     * @param learningRate of the last step
     * @param tokensPerSecond trained, evaluation left out
     * @param seconds of the epoch, evaluation included
     * @param best whether the validation loss is the lowest so far
     */
    record EpochDone(
            int epoch,
            int step,
            double trainLoss,
            Evaluation.Result validation,
            Optional<Evaluation.Result> test,
            List<Continuation> continuations,
            double learningRate,
            double tokensPerSecond,
            double seconds,
            boolean best) {
        /** Mean over the validation split. */
        public double validationLoss() {
            return validation.loss();
        }
    }

    /** A step is done. Steps that were read back together are told one after the other. */
    void stepDone(StepDone step);

    /** Steps were told and the device has nothing to do. What is done here is not counted as a step's time. */
    void betweenSteps();

    /** A checkpoint is due inside an epoch. What it needs of the learner must be copied before this returns. */
    void checkpointDue(TrainerState state, Learner learner, double trainLoss);

    /**
     * An evaluation inside an epoch gave the lowest loss so far, and its checkpoint is due. What it needs of the learner must be
     * copied before this returns.
     */
    void bestInsideEpoch(TrainerState state, Learner learner, double trainLoss, double validationLoss);

    /** An epoch is done and its checkpoint is due. What it needs of the learner must be copied before this returns. */
    void epochDone(EpochDone epoch, TrainerState state, Learner learner);

    /** The weights of the checkpoint at {@code step}, the best one, whose being due was told before. */
    TensorSource model(int step);

    /** Whether the loop should end between two steps, without finishing its epoch. */
    boolean stopRequested();
}
