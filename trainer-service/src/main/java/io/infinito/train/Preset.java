package io.infinito.train;

import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptPreset;

/** Named sizes with the batch, the rate and the length that suit them. Any of them can be replaced in a request. */
public enum Preset {
    /** Seconds to minutes on a laptop. */
    TINY(GptPreset.TINY, 4, 3, 3e-3, 20),
    /** 16M parameters. */
    GPT_16M(GptPreset.GPT_16M, 8, 10, 1e-3, 100),
    /** 45M parameters. */
    GPT_45M(GptPreset.GPT_45M, 8, 10, 6e-4, 100),
    /** 71M parameters. */
    INFINITO_71M(GptPreset.INFINITO_71M, 8, 10, 6e-4, 100),
    /** 124M parameters. */
    GPT2_SMALL(GptPreset.GPT2_SMALL, 4, 10, 6e-4, 500);

    private final GptPreset network;
    private final int batchSize;
    private final int epochs;
    private final double learningRate;
    private final int warmupSteps;

    Preset(GptPreset network, int batchSize, int epochs, double learningRate, int warmupSteps) {
        this.network = network;
        this.batchSize = batchSize;
        this.epochs = epochs;
        this.learningRate = learningRate;
        this.warmupSteps = warmupSteps;
    }

    /**
     * The preset that requests call {@code name}.
     *
     * @throws IllegalArgumentException listing the presets there are
     */
    public static Preset named(String name) {
        return valueOf(GptPreset.named("model.preset", name).name());
    }

    /** What requests call it. */
    public String presetName() {
        return network.presetName();
    }

    /** Of the network. */
    public TrainingPlan.Sizes sizes() {
        // The vocabulary is the dataset's; any will do here.
        GptConfig any = network.config(2);
        return new TrainingPlan.Sizes(any.layers(), any.hidden(), any.heads(), any.context(), any.tiedHead());
    }

    /** Sequences in a forward pass. */
    public int batchSize() {
        return batchSize;
    }

    /** Passes over the training split. */
    public int epochs() {
        return epochs;
    }

    /** Peak of the schedule. */
    public double learningRate() {
        return learningRate;
    }

    /** Optimizer steps up to the peak. */
    public int warmupSteps() {
        return warmupSteps;
    }
}
