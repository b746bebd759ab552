package io.infinito.standalone;

import io.infinito.training.v1.TrainingSpec;
import java.util.List;
import picocli.CommandLine.Option;

/** When a job evaluates and what it keeps. */
final class CadenceOptions {
    @Option(
            names = "--evaluate-every-steps",
            paramLabel = "N",
            description = "Evaluation every so many steps besides the end of each epoch. Default: 0, none.")
    private Integer evaluateEverySteps;

    @Option(
            names = "--checkpoint-every-steps",
            paramLabel = "N",
            description = "A checkpoint every so many steps besides the end of each epoch. Default: 0, none.")
    private Integer checkpointEverySteps;

    @Option(
            names = "--keep-checkpoints",
            paramLabel = "N",
            description = "Checkpoints that stay besides the best and the last. Default: 0.")
    private Integer keepCheckpoints;

    @Option(
            names = "--keep-every-epochs",
            paramLabel = "N",
            description = "Every so many epochs' checkpoints stay as well. Default: 0, none.")
    private Integer keepEveryEpochs;

    @Option(
            names = "--tensorboard",
            negatable = true,
            description = "Whether to write TensorBoard event files beside the checkpoints. Default: no.")
    private Boolean tensorboard;

    @Option(
            names = "--sample-tokens",
            paramLabel = "N",
            description = "Tokens that are added to a sample prompt. Default: 40.")
    private Integer sampleTokens;

    @Option(
            names = "--sample-prompt",
            paramLabel = "TEXT",
            description = "A text that is continued after each epoch. Can be given several times.")
    private List<String> samplePrompts;

    /** Sets the fields that were given. */
    void apply(TrainingSpec.Builder training) {
        TrainingOptions.set(evaluateEverySteps, training::setEvaluateEverySteps);
        TrainingOptions.set(checkpointEverySteps, training::setCheckpointEverySteps);
        TrainingOptions.set(keepCheckpoints, training::setKeepCheckpoints);
        TrainingOptions.set(keepEveryEpochs, training::setKeepEveryEpochs);
        TrainingOptions.set(tensorboard, training::setTensorboard);
        TrainingOptions.set(sampleTokens, training::setSampleTokens);
        if (samplePrompts != null) {
            training.clearSamplePrompts().addAllSamplePrompts(samplePrompts);
        }
    }
}
