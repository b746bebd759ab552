package io.infinito.train.job;

import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.train.TrainingPlan;
import io.infinito.train.checkpoint.Retention;
import io.infinito.training.v1.InitSpec;
import io.infinito.training.v1.ModelSpec;
import io.infinito.training.v1.TrainingSpec;

/**
 * A request that can be run.
 *
 * @param jobId unique
 * @param modelName whose alias the job's best checkpoint becomes
 * @param dataset to train on
 * @param plan with every default filled in; its sizes are those of initFrom as soon as they are known
 * @param device that was asked for
 * @param control of the run from outside
 * @param initFrom weights to begin with; of neither kind: random ones
 * @param model that was asked for, which the weights to begin with must agree with
 * @param canonicalJson the request as it is compared with another of the same id
 */
public record TrainingJob(
        String jobId,
        String modelName,
        DatasetSpec dataset,
        TrainingPlan plan,
        TrainingSpec.Device device,
        Control control,
        InitSpec initFrom,
        ModelSpec model,
        String canonicalJson) {
    /**
     * What has no bearing on the numbers of a run.
     *
     * @param deadlineSeconds from the job's first start; 0: none
     * @param keepEveryEpochs every so many epochs' checkpoints stay; 0: none
     * @param tensorBoard whether event files are written
     */
    public record Control(double deadlineSeconds, int keepEveryEpochs, boolean tensorBoard) {
        /** @throws IllegalArgumentException naming the field that does not fit */
        public Control {
            if (!(deadlineSeconds >= 0 && deadlineSeconds < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("deadlineSeconds=" + deadlineSeconds + " must be at least 0");
            }
            if (keepEveryEpochs < 0) {
                throw new IllegalArgumentException(
                        "training.keepEveryEpochs=" + keepEveryEpochs + " must be at least 0");
            }
        }
    }

    /** Which of its checkpoints stay. */
    Retention retention() {
        return new Retention(plan.keepCheckpoints(), control.keepEveryEpochs());
    }
}
