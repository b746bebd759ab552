package io.infinito.standalone.serving;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.Sha256;
import io.infinito.storage.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Copies the best checkpoint of a model or a job out of the object store, and makes sure that every byte is as it was written. */
public final class CheckpointExport {
    private final ObjectStore store;

    /** Copies from {@code store}. */
    public CheckpointExport(ObjectStore store) {
        this.store = store;
    }

    /**
     * A complete checkpoint in the store.
     *
     * @param manifestKey of its manifest
     * @param manifest that says what belongs to it
     */
    public record Found(String manifestKey, CheckpointManifest manifest) {}

    /**
     * The checkpoint that a model's alias names, else the one of a job with the lowest validation loss.
     *
     * @throws ServingFailure if there is neither a model nor a job of that name, or the alias does not fit its manifest
     */
    public Found find(String modelOrJob) {
        return ofModel(modelOrJob)
                .or(() -> ofJob(modelOrJob))
                .orElseThrow(
                        () -> new ServingFailure("the bucket " + store.bucket() + " has neither a model nor a job '"
                                + modelOrJob + "' with a complete checkpoint: 'infinito jobs' lists the jobs"));
    }

    /**
     * Writes every part of a checkpoint, and its manifest, into a directory.
     *
     * @param directory made when it is missing
     * @return the files with their hashes, by name
     * @throws ServingFailure if a part is not what the manifest says; that file is not kept
     */
    public Map<String, CheckpointManifest.Part> download(Found checkpoint, Path directory) {
        Map<String, CheckpointManifest.Part> written = new TreeMap<>();
        String folder = CheckpointKeys.folderOf(checkpoint.manifestKey());
        checkpoint.manifest().parts().forEach((name, part) -> {
            Path file = target(directory, name);
            store.download(folder + name, file);
            verify(file, part);
            written.put(name, part);
        });
        store.download(checkpoint.manifestKey(), target(directory, CheckpointKeys.MANIFEST));
        return written;
    }

    private Optional<Found> ofModel(String modelName) {
        return store.get(CheckpointKeys.best(modelName))
                .map(BestAlias::fromJson)
                .map(alias -> {
                    byte[] manifest = store.get(alias.manifestKey())
                            .orElseThrow(() -> new ServingFailure("the alias of model " + modelName + " names "
                                    + alias.manifestKey() + ", which is missing: export a job instead"));
                    if (!Sha256.of(manifest).equals(alias.manifestSha256())) {
                        throw new ServingFailure(
                                "the alias of model " + modelName + " expects sha256 " + alias.manifestSha256()
                                        + " of " + alias.manifestKey() + ", which has " + Sha256.of(manifest)
                                        + ": the checkpoint was changed after it was written");
                    }
                    return new Found(alias.manifestKey(), CheckpointManifest.fromJson(manifest));
                });
    }

    private Optional<Found> ofJob(String jobId) {
        return store.list(CheckpointKeys.job(jobId)).stream()
                .filter(object -> CheckpointKeys.stepOfManifest(object.key()).isPresent())
                .flatMap(object -> store.get(object.key()).stream()
                        .map(json -> new Found(object.key(), CheckpointManifest.fromJson(json))))
                .min(Comparator.comparingDouble(
                                (Found found) -> found.manifest().validationLoss())
                        .thenComparing(found -> -found.manifest().step()));
    }

    private static Path target(Path directory, String name) {
        Path file = directory.resolve(name).normalize();
        if (!directory.normalize().equals(file.getParent())) {
            throw new ServingFailure("the manifest names a part '" + name + "', which is not a file name");
        }
        return file;
    }

    private static void verify(Path file, CheckpointManifest.Part part) {
        try {
            String sha256 = Sha256.of(file);
            if (!sha256.equals(part.sha256()) || Files.size(file) != part.size()) {
                long size = Files.size(file);
                Files.delete(file);
                throw new ServingFailure(file.getFileName() + " has " + size + " bytes and sha256 " + sha256
                        + ", the manifest says " + part.size() + " and " + part.sha256()
                        + ": the checkpoint was changed after it was written");
            }
        } catch (IOException e) {
            throw new ServingFailure("cannot read back " + file + ": " + e.getMessage(), e);
        }
    }
}
