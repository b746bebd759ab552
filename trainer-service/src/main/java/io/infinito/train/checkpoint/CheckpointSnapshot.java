package io.infinito.train.checkpoint;

import io.infinito.checkpoint.TrainerState;
import io.infinito.safetensors.Tensor;
import io.infinito.train.Learner;
import java.util.List;

/**
 * A copy of everything that a checkpoint needs, taken between two steps, so that training goes on while it is written.
 *
 * @param model weights with HuggingFace's names and layouts
 * @param optimizer moments, padding rows, and the weights that are trained where the model is their average
 * @param state of the run
 * @param trainLoss mean of the epoch so far
 * @param validationLoss of this state; infinite where it was not measured
 */
public record CheckpointSnapshot(
        List<Tensor> model, List<Tensor> optimizer, TrainerState state, double trainLoss, double validationLoss) {

    /** Copies. */
    public static CheckpointSnapshot of(Learner learner, TrainerState state, double trainLoss, double validationLoss) {
        return new CheckpointSnapshot(learner.model(), learner.state(), state, trainLoss, validationLoss);
    }
}
