package io.infinito.train.checkpoint;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Sha256;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensors;
import io.infinito.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The model of a checkpoint, without what only its own job needs.
 *
 * @param manifest that it matches
 * @param config of the network
 * @param weights of the model
 */
public record StoredModel(CheckpointManifest manifest, GptConfig config, SafeTensors weights) {
    /**
     * The best model of a name.
     *
     * @throws IllegalArgumentException if there is none, or it is torn or was altered
     */
    public static StoredModel best(ObjectStore store, String modelName, Path workFolder) {
        BestAlias alias = store.get(CheckpointKeys.best(modelName))
                .map(BestAlias::fromJson)
                .orElseThrow(() -> new IllegalArgumentException(
                        "the bucket " + store.bucket() + " has no model of the name '" + modelName + "'"));
        byte[] manifest = manifest(store, alias.manifestKey());
        if (!Sha256.of(manifest).equals(alias.manifestSha256())) {
            throw new IllegalArgumentException(
                    alias.manifestKey() + " was changed after model '" + modelName + "' was pointed to it");
        }
        return download(store, alias.manifestKey(), manifest, workFolder);
    }

    /**
     * The model of the checkpoint whose manifest has this key.
     *
     * @throws IllegalArgumentException if there is none, or it is torn or was altered
     */
    public static StoredModel at(ObjectStore store, String manifestKey, Path workFolder) {
        if (CheckpointKeys.stepOfManifest(manifestKey).isEmpty()) {
            throw new IllegalArgumentException(
                    "'" + manifestKey + "' is not the key of a manifest, jobs/JOB/step-NNNNNNNN/manifest.json");
        }
        return download(store, manifestKey, manifest(store, manifestKey), workFolder);
    }

    private static byte[] manifest(ObjectStore store, String manifestKey) {
        return store.get(manifestKey)
                .orElseThrow(() -> new IllegalArgumentException(
                        "the bucket " + store.bucket() + " has no checkpoint " + manifestKey));
    }

    private static StoredModel download(ObjectStore store, String manifestKey, byte[] json, Path workFolder) {
        CheckpointManifest manifest = CheckpointManifest.fromJson(json);
        try {
            Path config = StoredCheckpoint.part(store, manifestKey, manifest, CheckpointKeys.CONFIG, workFolder);
            Path model = StoredCheckpoint.part(store, manifestKey, manifest, CheckpointKeys.MODEL, workFolder);
            return new StoredModel(
                    manifest, HuggingFaceConfig.read(Files.readAllBytes(config)), SafeTensors.read(model));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a checkpoint in " + workFolder + ": " + e.getMessage(), e);
        }
    }
}
