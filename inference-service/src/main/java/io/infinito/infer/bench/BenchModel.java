package io.infinito.infer.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.HuggingFaceDirectory;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelIdentity;
import io.infinito.infer.model.Torch;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.SafeTensorsIndex;
import io.infinito.safetensors.TensorPlaces;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What is measured: a model of a directory, or one with random weights, which is as fast.
 *
 * @param name for the report
 * @param config of the network
 * @param weights in files
 * @param tokenizerJson the tokenizer's document
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record BenchModel(String name, GptConfig config, TensorPlaces weights, byte[] tokenizerJson) {
    /** Reads a directory that {@code infinito export} or {@code transformers} wrote. */
    static BenchModel of(Path directory) throws IOException {
        HuggingFaceDirectory files = new HuggingFaceDirectory(directory);
        byte[] tokenizer = Files.readAllBytes(directory.resolve(CheckpointKeys.TOKENIZER));
        return new BenchModel(directory.getFileName().toString(), files.config(), files, tokenizer);
    }

    /** Random weights, in a file that is deleted when the process ends. */
    static BenchModel random(String name, Function<Integer, GptConfig> sizes) throws IOException {
        Path file = Files.createTempFile("infinito-bench", ".safetensors");
        file.toFile().deleteOnExit();
        try (Tokenizer tokenizer = Tokenizer.gpt2();
                NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                GptWeights weights = GptWeights.random(manager, sizes.apply(tokenizer.vocabularySize()), 1)) {
            SafeTensors.write(file, weights.snapshot());
            return new BenchModel(name, weights.config(), SafeTensorsIndex.read(file), tokenizer.json());
        }
    }

    /**
     * Loads it as the service does.
     *
     * @param caches that may be open at once
     */
    LoadedModel load(Torch torch, int caches) {
        ModelIdentity identity = new ModelIdentity(name, "bench", 0, "");
        CompletableFuture<Tokenizer> tokenizer = CompletableFuture.completedFuture(Tokenizer.fromJson(tokenizerJson));
        return LoadedModel.load(torch, identity, 0, config, tokenizer, weights, caches);
    }
}
