package io.infinito.train.checkpoint;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointManifest.Part;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Sha256;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensors;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes, finds and removes the checkpoints of one attempt at a job. */
public final class CheckpointStore {
    /**
     * What all checkpoints of a job have in common.
     *
     * @param jobId that writes them
     * @param modelName whose alias they may become
     * @param config of the network
     * @param datasetId that it is trained on
     * @param datasetDigest of the tokens
     * @param tokenizer that made them
     */
    public record Lineage(
            String jobId,
            String modelName,
            GptConfig config,
            String datasetId,
            String datasetDigest,
            Tokenizer tokenizer) {}

    /**
     * A checkpoint that is complete.
     *
     * @param manifestKey in the bucket
     * @param manifestSha256 of the manifest's bytes
     * @param manifest itself
     */
    public record Published(String manifestKey, String manifestSha256, CheckpointManifest manifest) {}

    private final ObjectStore store;
    private final JobFence fence;
    private final Lineage lineage;
    private final Path workFolder;

    /**
     * The checkpoints of a job.
     *
     * @param workFolder exists; files lie there while they are uploaded or read
     */
    public CheckpointStore(ObjectStore store, JobFence fence, Lineage lineage, Path workFolder) {
        this.store = store;
        this.fence = fence;
        this.lineage = lineage;
        this.workFolder = workFolder;
    }

    /**
     * Uploads every part, and the manifest when all are there.
     *
     * @throws JobFence.ReplacedException if another attempt has begun
     */
    public Published publish(CheckpointSnapshot snapshot) {
        fence.check();
        int step = snapshot.state().step();
        String folder = CheckpointKeys.step(lineage.jobId(), step);
        int endOfText = lineage.tokenizer().endOfText().orElse(-1);
        Map<String, Part> parts = new LinkedHashMap<>();
        try {
            Path file = workFolder.resolve("upload.safetensors");
            SafeTensors.write(file, snapshot.model());
            parts.put(CheckpointKeys.MODEL, upload(folder + CheckpointKeys.MODEL, file));
            SafeTensors.write(file, snapshot.optimizer());
            parts.put(CheckpointKeys.OPTIMIZER, upload(folder + CheckpointKeys.OPTIMIZER, file));
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write a checkpoint to " + workFolder + ": " + e.getMessage(), e);
        }
        upload(parts, folder, CheckpointKeys.CONFIG, HuggingFaceConfig.write(lineage.config(), endOfText));
        upload(parts, folder, CheckpointKeys.TOKENIZER, lineage.tokenizer().json());
        upload(parts, folder, CheckpointKeys.TRAINER_STATE, snapshot.state().toJson());
        CheckpointManifest manifest = new CheckpointManifest(
                lineage.jobId(),
                lineage.modelName(),
                fence.attempt(),
                step,
                snapshot.state().epoch(),
                snapshot.trainLoss(),
                snapshot.validationLoss(),
                lineage.datasetId(),
                lineage.datasetDigest(),
                lineage.tokenizer().sha256(),
                Instant.now().toString(),
                parts);
        byte[] json = manifest.toJson();
        fence.check();
        store.put(folder + CheckpointKeys.MANIFEST, json);
        return new Published(folder + CheckpointKeys.MANIFEST, Sha256.of(json), manifest);
    }

    private Part upload(String key, Path file) throws IOException {
        store.put(key, file);
        return new Part(Sha256.of(file), Files.size(file));
    }

    private void upload(Map<String, Part> parts, String folder, String name, byte[] content) {
        store.put(folder + name, content);
        parts.put(name, new Part(Sha256.of(content), content.length));
    }

    /**
     * Points the model's alias to a checkpoint, unless the one that it points to has a lower loss on the same tokens.
     *
     * @return whether the alias was moved
     */
    public boolean serve(Published checkpoint) {
        CheckpointManifest manifest = checkpoint.manifest();
        String key = CheckpointKeys.best(lineage.modelName());
        Optional<BestAlias> current = store.get(key).map(BestAlias::fromJson);
        if (current.isPresent() && current.get().isBetterThan(manifest.validationLoss(), manifest.datasetDigest())) {
            return false;
        }
        fence.check();
        store.put(
                key,
                new BestAlias(
                                checkpoint.manifestKey(),
                                checkpoint.manifestSha256(),
                                manifest.version(),
                                lineage.jobId(),
                                manifest.validationLoss(),
                                manifest.datasetDigest())
                        .toJson());
        return true;
    }

    /** The complete checkpoint with the most steps whose parts are all there, as they were written. */
    public Optional<StoredCheckpoint> latest() {
        return manifestKeys().stream()
                .sorted(Comparator.reverseOrder())
                .map(key -> StoredCheckpoint.download(store, key, workFolder))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /**
     * Removes this job's checkpoints but for the newest, the best and the alias's.
     *
     * @param keep how many more of the newest stay
     * @param bestStep of the job's best
     */
    public void removeOld(int keep, int bestStep) {
        Set<String> kept = manifestKeys().stream()
                .sorted(Comparator.reverseOrder())
                .limit(1L + keep)
                .collect(Collectors.toSet());
        kept.add(CheckpointKeys.step(lineage.jobId(), bestStep) + CheckpointKeys.MANIFEST);
        store.get(CheckpointKeys.best(lineage.modelName()))
                .map(BestAlias::fromJson)
                .ifPresent(alias -> kept.add(alias.manifestKey()));
        for (String key : manifestKeys()) {
            if (!kept.contains(key)) {
                remove(key);
            }
        }
    }

    private void remove(String manifestKey) {
        // The manifest goes first: without it the other parts are no checkpoint, whenever this is interrupted.
        store.delete(List.of(manifestKey));
        store.delete(store.list(CheckpointKeys.folderOf(manifestKey)).stream()
                .map(StoredObject::key)
                .toList());
    }

    private List<String> manifestKeys() {
        return store.list(CheckpointKeys.job(lineage.jobId())).stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.stepOfManifest(key).isPresent())
                .toList();
    }
}
