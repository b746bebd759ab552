package io.infinito.standalone;

import io.infinito.training.v1.Dropout;
import io.infinito.training.v1.TrainingSpec;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How to train: each option is the field of {@code training} with its name. */
final class LearningOptions {
    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the training text.")
    private Integer epochs;

    @Option(
            names = "--max-steps",
            paramLabel = "N",
            description = "End after so many optimizer steps at the latest. Default: 0, no bound.")
    private Integer maxSteps;

    @Option(names = "--batch-size", paramLabel = "N", description = "Sequences in one forward pass.")
    private Integer batchSize;

    @Option(
            names = "--accumulation-steps",
            paramLabel = "N",
            description = "Forward passes in one optimizer step. Default: 1.")
    private Integer accumulationSteps;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Highest learning rate of the schedule.")
    private Double learningRate;

    @Option(
            names = "--min-learning-rate",
            paramLabel = "X",
            description = "What the schedule ends at. Default: a tenth of the highest.")
    private Double minLearningRate;

    @Option(
            names = "--warmup-steps",
            paramLabel = "N",
            description = "Steps over which the learning rate rises to its highest.")
    private Integer warmupSteps;

    @Option(
            names = "--decay-fraction",
            paramLabel = "X",
            description = "Share of the steps that go down in constant-with-decay. Default: 0.2.")
    private Double decayFraction;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Of matrices and embeddings. Default: 0.1.")
    private Double weightDecay;

    @Option(names = "--beta1", paramLabel = "X", description = "Of AdamW. Default: 0.9.")
    private Double beta1;

    @Option(names = "--beta2", paramLabel = "X", description = "Of AdamW. Default: 0.95.")
    private Double beta2;

    @Option(
            names = "--clip-norm",
            paramLabel = "X",
            description = "Global norm that gradients are scaled down to; 0: never. Default: 1.")
    private Double clipNorm;

    @Option(
            names = "--dropout-embedding",
            paramLabel = "X",
            description = "Probability of dropout after the embeddings. Default: 0.")
    private Double dropoutEmbedding;

    @Option(
            names = "--dropout-attention",
            paramLabel = "X",
            description = "Probability of dropout of attention weights. Default: 0.")
    private Double dropoutAttention;

    @Option(
            names = "--dropout-residual",
            paramLabel = "X",
            description = "Probability of dropout of what a block adds. Default: 0.")
    private Double dropoutResidual;

    @Option(
            names = "--token-dropout",
            paramLabel = "X",
            description = "Probability that an input token is replaced by a random one. Default: 0.")
    private Double tokenDropout;

    @Option(names = "--label-smoothing", paramLabel = "X", description = "Of the training targets. Default: 0.")
    private Double labelSmoothing;

    @Option(
            names = "--ema-decay",
            paramLabel = "X",
            description = "Of the moving average of the weights that is evaluated and saved; 0: none. Default: 0.")
    private Double emaDecay;

    @Option(
            names = "--random-offset",
            negatable = true,
            description = "Whether each epoch cuts the text into sequences at other places. Default: no.")
    private Boolean randomOffset;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of weights, order and dropout. Default: 42.")
    private Long seed;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Epochs without a better validation loss after which the job ends; 0: never. Default: 0.")
    private Integer patience;

    @Option(
            names = "--spike-factor",
            paramLabel = "X",
            description = "Gradient norms above so many times their running mean are refused; 0: none. Default: 0.")
    private Double spikeFactor;

    @Option(
            names = "--schedule",
            paramLabel = "NAME",
            description = "After warmup: cosine, linear, constant or constant-with-decay. Default: cosine.")
    private String schedule;

    @Option(
            names = "--guard",
            paramLabel = "NAME",
            description = "What to do when a gradient is no number or a spike: stop or skip. Default: stop.")
    private String guard;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "Where to train: auto, cpu or cuda. Default: what the trainer is set to.")
    private String device;

    /**
     * Sets the fields that were given.
     *
     * @throws IllegalArgumentException if a name is not one of its option's
     */
    void apply(TrainingSpec.Builder training) {
        TrainingOptions.set(epochs, training::setEpochs);
        TrainingOptions.set(maxSteps, training::setMaxSteps);
        TrainingOptions.set(batchSize, training::setBatchSize);
        TrainingOptions.set(accumulationSteps, training::setAccumulationSteps);
        TrainingOptions.set(learningRate, training::setLearningRate);
        TrainingOptions.set(minLearningRate, training::setMinLearningRate);
        TrainingOptions.set(warmupSteps, training::setWarmupSteps);
        TrainingOptions.set(decayFraction, training::setDecayFraction);
        TrainingOptions.set(weightDecay, training::setWeightDecay);
        TrainingOptions.set(beta1, training::setBeta1);
        TrainingOptions.set(beta2, training::setBeta2);
        TrainingOptions.set(clipNorm, training::setClipNorm);
        TrainingOptions.set(tokenDropout, training::setTokenDropout);
        TrainingOptions.set(labelSmoothing, training::setLabelSmoothing);
        TrainingOptions.set(emaDecay, training::setEmaDecay);
        TrainingOptions.set(randomOffset, training::setRandomOffset);
        TrainingOptions.set(seed, training::setSeed);
        TrainingOptions.set(patience, training::setPatience);
        TrainingOptions.set(spikeFactor, training::setSpikeFactor);
        TrainingOptions.set(name(TrainingSpec.Schedule.class, "--schedule", schedule), training::setSchedule);
        TrainingOptions.set(name(TrainingSpec.Guard.class, "--guard", guard), training::setGuard);
        TrainingOptions.set(name(TrainingSpec.Device.class, "--device", device), training::setDevice);
        if (dropoutEmbedding != null || dropoutAttention != null || dropoutResidual != null) {
            Dropout.Builder dropout = training.getDropoutBuilder();
            TrainingOptions.set(dropoutEmbedding, dropout::setEmbedding);
            TrainingOptions.set(dropoutAttention, dropout::setAttention);
            TrainingOptions.set(dropoutResidual, dropout::setResidual);
        }
    }

    private static <E extends Enum<E>> E name(Class<E> names, String option, String value) {
        if (value == null) {
            return null;
        }
        try {
            return Enum.valueOf(names, value.toUpperCase(Locale.ROOT).replace('-', '_'));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + " " + value + " is unknown: see --help for the names", e);
        }
    }
}
