package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointManifest.Part;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Sha256;
import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensors;
import io.infinito.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * A checkpoint that was downloaded whole and matches its manifest.
 *
 * @param manifest that it matches
 * @param state where the run goes on
 * @param config of the network
 * @param model weights
 * @param optimizer moments and whatever else is trained
 */
public record StoredCheckpoint(
        CheckpointManifest manifest, TrainerState state, GptConfig config, SafeTensors model, SafeTensors optimizer) {
    private static final Logger LOG = Logger.getLogger(StoredCheckpoint.class);

    /** Downloads a checkpoint; one that is torn or altered is reported and left out, as if it did not exist. */
    static Optional<StoredCheckpoint> download(ObjectStore store, String manifestKey, Path workFolder) {
        try {
            CheckpointManifest manifest = CheckpointManifest.fromJson(
                    store.get(manifestKey).orElseThrow(() -> new IllegalArgumentException("it is gone")));
            Path config = part(store, manifestKey, manifest, CheckpointKeys.CONFIG, workFolder);
            Path model = part(store, manifestKey, manifest, CheckpointKeys.MODEL, workFolder);
            Path optimizer = part(store, manifestKey, manifest, CheckpointKeys.OPTIMIZER, workFolder);
            Path state = part(store, manifestKey, manifest, CheckpointKeys.TRAINER_STATE, workFolder);
            return Optional.of(new StoredCheckpoint(
                    manifest,
                    TrainerState.fromJson(Files.readAllBytes(state)),
                    HuggingFaceConfig.read(Files.readAllBytes(config)),
                    SafeTensors.read(model),
                    SafeTensors.read(optimizer)));
        } catch (IllegalArgumentException e) {
            LOG.warnf("checkpoint %s cannot be used, the one before it is tried: %s", manifestKey, e.getMessage());
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a checkpoint in " + workFolder + ": " + e.getMessage(), e);
        }
    }

    /** Downloads one part and compares it with the manifest. */
    static Path part(ObjectStore store, String manifestKey, CheckpointManifest manifest, String name, Path workFolder)
            throws IOException {
        Part expected = manifest.parts().get(name);
        String key = CheckpointKeys.folderOf(manifestKey) + name;
        if (expected == null || store.size(key).isEmpty()) {
            throw new IllegalArgumentException(name + " is missing");
        }
        Path file = workFolder.resolve("resume-" + name);
        store.download(key, file);
        if (Files.size(file) != expected.size() || !Sha256.of(file).equals(expected.sha256())) {
            throw new IllegalArgumentException(name + " is not what the manifest says: it is torn or was altered");
        }
        return file;
    }
}
