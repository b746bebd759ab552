package io.infinito.infer.model;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.gpt.GptConfig;
import io.infinito.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A checkpoint as a trainer would write it, held in memory so that a test can damage it first. */
public final class TinyCheckpoint {
    private final String modelName;
    private final int step;
    private final Map<String, byte[]> parts = new LinkedHashMap<>();
    private byte[] manifest;

    private TinyCheckpoint(String modelName, int step) {
        this.modelName = modelName;
        this.step = step;
    }

    /** A whole one; the step is the seed of its weights. */
    public static TinyCheckpoint of(String modelName, int step) {
        return of(modelName, step, TinyModels.CONFIG, TinyModels.CONFIG);
    }

    /** One whose weights may be of other sizes than its configuration says. */
    public static TinyCheckpoint of(String modelName, int step, GptConfig stated, GptConfig actual) {
        TinyCheckpoint checkpoint = new TinyCheckpoint(modelName, step);
        try {
            Path weights = Files.createTempFile("tiny", ".safetensors");
            TinyModels.writeWeights(weights, actual, step);
            checkpoint.parts.put(CheckpointKeys.MODEL, Files.readAllBytes(weights));
            Files.delete(weights);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        checkpoint.parts.put(CheckpointKeys.CONFIG, HuggingFaceConfig.write(stated, TinyTokenizer.END_OF_TEXT));
        checkpoint.parts.put(CheckpointKeys.TOKENIZER, TinyTokenizer.json());
        checkpoint.seal();
        return checkpoint;
    }

    /** Makes the manifest say what the parts are now. */
    public TinyCheckpoint seal() {
        Map<String, CheckpointManifest.Part> sums = new LinkedHashMap<>();
        parts.forEach((name, bytes) -> sums.put(name, new CheckpointManifest.Part(Sha256.of(bytes), bytes.length)));
        manifest = new CheckpointManifest(
                        "job",
                        modelName,
                        1,
                        step,
                        1,
                        5.6,
                        5.5,
                        "dataset",
                        "digest",
                        Sha256.of(TinyTokenizer.json()),
                        "2026-11-22T00:00:00Z",
                        sums)
                .toJson();
        return this;
    }

    /** Bytes of a part, to be changed in place. */
    public byte[] part(String name) {
        return parts.get(name);
    }

    /** Takes a part away, and leaves the manifest as it is. */
    public TinyCheckpoint without(String name) {
        parts.remove(name);
        return this;
    }

    /** Puts other bytes in place of a part, and leaves the manifest as it is. */
    public TinyCheckpoint with(String name, byte[] bytes) {
        parts.put(name, bytes);
        return this;
    }

    /** Changes the manifest's text; the alias will have the hash of the result. */
    public TinyCheckpoint editManifest(String from, String to) {
        String text = new String(manifest, StandardCharsets.UTF_8);
        if (!text.contains(from)) {
            throw new IllegalArgumentException(from + " is not in " + text);
        }
        manifest = text.replace(from, to).getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** As answers name it. */
    public String version() {
        return "job/step-%08d".formatted(step);
    }

    /** Of the manifest. */
    public String sha256() {
        return Sha256.of(manifest);
    }

    /** Where the manifest lies. */
    public String manifestKey() {
        return folder() + CheckpointKeys.MANIFEST;
    }

    private String folder() {
        // Names of models keep the checkpoints of test classes apart.
        return CheckpointKeys.step(modelName, step);
    }

    /** Writes parts, manifest and alias, in this order. */
    public TinyCheckpoint publish(ObjectStore store) {
        return upload(store).serve(store);
    }

    /** Writes parts and manifest, in this order. */
    public TinyCheckpoint upload(ObjectStore store) {
        parts.forEach((name, bytes) -> store.put(folder() + name, bytes));
        store.put(manifestKey(), manifest);
        return this;
    }

    /** Points the alias to it. */
    public TinyCheckpoint serve(ObjectStore store) {
        BestAlias alias = new BestAlias(manifestKey(), sha256(), version(), modelName, 5.5, "digest");
        store.put(CheckpointKeys.best(modelName), alias.toJson());
        return this;
    }

    /** Pins it, as at a time of the test's choice. */
    public TinyCheckpoint pin(ObjectStore store, String pinnedAt) {
        CheckpointReference checkpoint = new CheckpointReference(manifestKey(), sha256(), version());
        store.put(CheckpointKeys.pin(modelName), new Pin(checkpoint, pinnedAt).toJson());
        return this;
    }
}
