package io.infinito.train;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Named sizes with the batch, the rate and the length that suit them. Any of them can be replaced in a request. */
public enum Preset {
    /** Seconds to minutes on a laptop. */
    TINY("tiny", 4, 128, 4, 128, true, 4, 3, 3e-3, 20),
    /** 16M parameters. */
    GPT_16M("gpt-16m", 4, 256, 4, 256, true, 8, 10, 1e-3, 100),
    /** 45M parameters. */
    GPT_45M("gpt-45m", 6, 512, 8, 256, true, 8, 10, 6e-4, 100),
    /** 71M parameters: the size of the system that Infinito follows. */
    INFINITO_71M("infinito-71m", 6, 512, 8, 256, false, 8, 10, 6e-4, 100),
    /** 124M parameters: the smallest GPT-2. */
    GPT2_SMALL("gpt2-small", 12, 768, 12, 1024, true, 4, 10, 6e-4, 500);

    private final String presetName;

    @SuppressWarnings("ImmutableEnumChecker") // A record of numbers.
    private final TrainingPlan.Sizes sizes;

    private final int batchSize;
    private final int epochs;
    private final double learningRate;
    private final int warmupSteps;

    Preset(
            String presetName,
            int layers,
            int hidden,
            int heads,
            int context,
            boolean tiedHead,
            int batchSize,
            int epochs,
            double learningRate,
            int warmupSteps) {
        this.presetName = presetName;
        sizes = new TrainingPlan.Sizes(layers, hidden, heads, context, tiedHead);
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
        return Arrays.stream(values())
                .filter(preset -> preset.presetName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("model.preset='" + name + "' is unknown; there are "
                        + Arrays.stream(values()).map(p -> p.presetName).collect(Collectors.joining(", "))));
    }

    /** What requests call it. */
    public String presetName() {
        return presetName;
    }

    /** Of the network. */
    public TrainingPlan.Sizes sizes() {
        return sizes;
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
