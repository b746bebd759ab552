package io.infinito.train.job;

import io.infinito.checkpoint.HuggingFaceDirectory;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.TensorSource;
import io.infinito.storage.ObjectStore;
import io.infinito.train.Preset;
import io.infinito.train.TrainingPlan.Sizes;
import io.infinito.train.checkpoint.StoredModel;
import io.infinito.training.v1.InitSpec;
import io.infinito.training.v1.ModelSpec;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The weights that a job begins with, if it does not begin with random ones.
 *
 * @param config of the network that they belong to; its vocabulary may be padded
 * @param weights with HuggingFace's names
 * @param tokenizerSha256 that they were trained with, where it is known
 */
record InitialModel(GptConfig config, TensorSource weights, Optional<String> tokenizerSha256) {
    /** Vocabularies are padded to multiples of this at most; more surplus rows belong to another tokenizer. */
    private static final int LARGEST_PADDING = 1024;

    /**
     * Finds the weights that a request names.
     *
     * @param workFolder where weights from the store are put
     * @throws IllegalArgumentException naming the field if there are none
     */
    static Optional<InitialModel> find(InitSpec init, ObjectStore store, Path workFolder) {
        return switch (init.getFromCase()) {
            case FROM_NOT_SET -> Optional.empty();
            case HUGGING_FACE -> Optional.of(ofDirectory(Path.of(init.getHuggingFace())));
            case MODEL_NAME -> Optional.of(ofStore(StoredModel.best(store, init.getModelName(), workFolder)));
            case MANIFEST_KEY -> Optional.of(ofStore(StoredModel.at(store, init.getManifestKey(), workFolder)));
        };
    }

    private static InitialModel ofDirectory(Path path) {
        HuggingFaceDirectory directory = new HuggingFaceDirectory(path);
        return new InitialModel(directory.config(), directory, Optional.empty());
    }

    private static InitialModel ofStore(StoredModel model) {
        return new InitialModel(
                model.config(), model.weights(), Optional.of(model.manifest().tokenizerSha256()));
    }

    /** The sizes of the weights. */
    Sizes sizes() {
        return new Sizes(config.layers(), config.hidden(), config.heads(), config.context(), config.tiedHead());
    }

    /**
     * Compares the weights with what the request says of the model.
     *
     * @throws IllegalArgumentException naming the field that says something else
     */
    void checkSizes(ModelSpec requested) {
        if (!requested.getPreset().isEmpty()) {
            Sizes preset = Preset.named(requested.getPreset()).sizes();
            checkSizes(ModelSpec.newBuilder()
                    .setLayers(preset.layers())
                    .setHidden(preset.hidden())
                    .setHeads(preset.heads())
                    .setContext(preset.context())
                    .setTiedHead(preset.tiedHead())
                    .mergeFrom(requested)
                    .clearPreset()
                    .build());
            return;
        }
        check("model.layers", requested.hasLayers(), requested.getLayers(), config.layers());
        check("model.hidden", requested.hasHidden(), requested.getHidden(), config.hidden());
        check("model.heads", requested.hasHeads(), requested.getHeads(), config.heads());
        check("model.context", requested.hasContext(), requested.getContext(), config.context());
        check("model.tiedHead", requested.hasTiedHead(), requested.getTiedHead(), config.tiedHead());
    }

    private static void check(String field, boolean given, Object requested, Object found) {
        if (given && !requested.equals(found)) {
            throw new IllegalArgumentException(field + "=" + requested + " must be " + found
                    + ", the size of the weights of initFrom, or left out");
        }
    }

    /**
     * Compares the weights with the dataset's tokens.
     *
     * @throws IllegalArgumentException if they were made with another tokenizer
     */
    void checkTokenizer(DatasetManifest dataset) {
        int surplus = config.vocabularySize() - dataset.getVocabularySize();
        if (surplus < 0 || surplus >= LARGEST_PADDING) {
            throw new IllegalArgumentException("the weights of initFrom know " + config.vocabularySize()
                    + " tokens, but dataset.tokenizer has " + dataset.getVocabularySize()
                    + ": choose the tokenizer that they were trained with");
        }
        tokenizerSha256
                .filter(sha256 -> !sha256.equals(dataset.getTokenizerSha256()))
                .ifPresent(sha256 -> {
                    throw new IllegalArgumentException("the weights of initFrom were trained with the tokenizer "
                            + sha256 + ", but the dataset was made with " + dataset.getTokenizerSha256());
                });
    }
}
