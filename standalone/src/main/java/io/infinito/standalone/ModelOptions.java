package io.infinito.standalone;

import io.infinito.training.v1.ModelSpec;
import picocli.CommandLine.Option;

/** The model to train: a preset, sizes, or a preset with some sizes replaced. */
final class ModelOptions {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "Sizes and their defaults: tiny, gpt-16m, gpt-45m, infinito-71m or gpt2-small. " + "Default: tiny.")
    private String preset;

    @Option(names = "--layers", paramLabel = "N", description = "Transformer blocks.")
    private Integer layers;

    @Option(names = "--hidden", paramLabel = "N", description = "Channels; a multiple of --heads.")
    private Integer hidden;

    @Option(names = "--heads", paramLabel = "N", description = "Attention heads.")
    private Integer heads;

    @Option(names = "--context", paramLabel = "N", description = "Tokens that the model sees at once.")
    private Integer context;

    @Option(
            names = "--tied-head",
            negatable = true,
            description = "Whether the output projection is the token embedding.")
    private Boolean tiedHead;

    /** Sets the fields that were given. */
    void apply(ModelSpec.Builder model) {
        TrainingOptions.set(preset, model::setPreset);
        TrainingOptions.set(layers, model::setLayers);
        TrainingOptions.set(hidden, model::setHidden);
        TrainingOptions.set(heads, model::setHeads);
        TrainingOptions.set(context, model::setContext);
        TrainingOptions.set(tiedHead, model::setTiedHead);
    }
}
