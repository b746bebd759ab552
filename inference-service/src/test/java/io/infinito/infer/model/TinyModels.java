package io.infinito.infer.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.SafeTensorsIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Models of a few thousand random parameters; other seeds give other answers. */
public final class TinyModels {
    /** The sizes. */
    public static final GptConfig CONFIG = new GptConfig(TinyTokenizer.VOCABULARY, 32, 1, 2, 16, true);

    /** That may be open at once: twice as many as any test runs. */
    public static final int CACHES = 64;

    private TinyModels() {}

    /** A model with one user, the caller. */
    public static LoadedModel load(long seed) {
        return load(seed, CONFIG, FormatChoice.FP32);
    }

    /** A model of other sizes and in another format. */
    public static LoadedModel load(long seed, GptConfig config, FormatChoice format) {
        try {
            Path file = Files.createTempFile("tiny", ".safetensors");
            writeWeights(file, config, seed);
            LoadedModel model = LoadedModel.load(
                    new Torch(DeviceChoice.CPU, 1, format),
                    new ModelIdentity("tiny", "job/step-%08d".formatted(seed), (int) seed, "00"),
                    5.5,
                    config,
                    CompletableFuture.completedFuture(TinyTokenizer.load()),
                    SafeTensorsIndex.read(file),
                    CACHES);
            Files.delete(file);
            return model;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Random weights, wide enough that greedy answers depend on what was read. */
    public static void writeWeights(Path file, GptConfig config, long seed) throws IOException {
        try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                GptWeights weights = GptWeights.random(manager, config, seed)) {
            for (int i = 0; i < weights.arrays().size(); i++) {
                if (weights.parameters().get(i).decays()) {
                    weights.arrays().get(i).muli(20);
                }
            }
            SafeTensors.write(file, weights.snapshot());
        }
    }
}
