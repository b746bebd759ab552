package io.infinito.standalone;

import io.infinito.training.v1.InitSpec;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The weights to begin with. */
final class InitOptions {
    @ArgGroup
    private Source source;

    /** One of them. */
    private static final class Source {
        @Option(
                names = "--init-model",
                paramLabel = "NAME",
                description = "Begin with the best checkpoint of a model name. Default: random weights.")
        private String modelName;

        @Option(
                names = "--init-manifest",
                paramLabel = "KEY",
                description = "Begin with a checkpoint: the key of its manifest.json in the bucket.")
        private String manifestKey;

        @Option(
                names = "--init-hugging-face",
                paramLabel = "DIR",
                description = "Begin with a HuggingFace GPT-2 directory that the trainer can read.")
        private Path huggingFace;
    }

    /** Sets what was given, which stands over everything that was there. */
    void apply(InitSpec.Builder init) {
        if (source == null) {
            return;
        }
        TrainingOptions.set(source.modelName, init::setModelName);
        TrainingOptions.set(source.manifestKey, init::setManifestKey);
        if (source.huggingFace != null) {
            init.setHuggingFace(source.huggingFace.toAbsolutePath().normalize().toString());
        }
    }
}
