package io.infinito.train.checkpoint;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointManifest.Part;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.TensorSource;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageException;
import io.infinito.storage.StoredObject;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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

    private static final List<String> PARTS = List.of(
            CheckpointKeys.MODEL,
            CheckpointKeys.OPTIMIZER,
            CheckpointKeys.CONFIG,
            CheckpointKeys.TOKENIZER,
            CheckpointKeys.TRAINER_STATE);

    private final ObjectStore store;
    private final JobFence fence;
    private final Lineage lineage;
    private final Path workFolder;
    private final AtomicInteger staged = new AtomicInteger();

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
     * Writes every part to local disk.
     *
     * @throws UncheckedIOException if the disk does not take it
     */
    public StagedCheckpoint stage(CheckpointSnapshot snapshot) {
        int step = snapshot.state().step();
        // A step has two checkpoints where it was evaluated after the first was taken.
        Path folder = workFolder.resolve("step-%08d-%d".formatted(step, staged.incrementAndGet()));
        int endOfText = lineage.tokenizer().endOfText().orElse(-1);
        Map<String, Part> parts = new LinkedHashMap<>();
        try {
            Files.createDirectories(folder);
            SafeTensors.write(folder.resolve(CheckpointKeys.MODEL), snapshot.model());
            SafeTensors.write(folder.resolve(CheckpointKeys.OPTIMIZER), snapshot.optimizer());
            Files.write(folder.resolve(CheckpointKeys.CONFIG), HuggingFaceConfig.write(lineage.config(), endOfText));
            Files.write(
                    folder.resolve(CheckpointKeys.TOKENIZER),
                    lineage.tokenizer().json());
            Files.write(
                    folder.resolve(CheckpointKeys.TRAINER_STATE),
                    snapshot.state().toJson());
            for (String name : PARTS) {
                Path file = folder.resolve(name);
                parts.put(name, new Part(Sha256.of(file), Files.size(file)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot write a checkpoint to " + folder + ": " + e + ". Is there space, and may it be written?",
                    e);
        }
        return new StagedCheckpoint(folder, snapshot.state(), snapshot.trainLoss(), snapshot.validationLoss(), parts);
    }

    /**
     * Uploads every part, and the manifest when all are there. The manifest is create-only: when an earlier attempt has left one of the
     * same parts, that one stays, so that whoever names it by its hash still finds it.
     *
     * @param beforeManifest called with what will be there, when all parts are; what it throws ends the upload
     * @throws JobFence.ReplacedException if another attempt has begun
     */
    public Published publish(StagedCheckpoint staged, Consumer<Published> beforeManifest) {
        fence.check();
        String key = CheckpointKeys.step(lineage.jobId(), staged.state().step()) + CheckpointKeys.MANIFEST;
        Optional<Published> earlier = store.get(key).flatMap(json -> read(key, json));
        boolean same =
                earlier.filter(e -> e.manifest().parts().equals(staged.parts())).isPresent();
        Map<String, Part> before = earlier.map(e -> e.manifest().parts()).orElse(Map.of());
        // Those that are as they were come first: under either manifest they are right, and they take the time.
        List<String> changed = new ArrayList<>();
        for (String name : staged.parts().keySet()) {
            if (staged.parts().get(name).equals(before.get(name))) {
                put(key, name, staged);
            } else {
                changed.add(name);
            }
        }
        if (earlier.isPresent() && !same) {
            // Other parts under a manifest that is there would be a torn checkpoint.
            store.delete(List.of(key));
        }
        for (String name : changed) {
            put(key, name, staged);
        }
        Published published = same ? earlier.get() : describe(key, staged);
        beforeManifest.accept(published);
        fence.check();
        if (!same && !store.putIfAbsent(key, published.manifest().toJson())) {
            fence.check();
            throw new StorageException(
                    key + " was written by another process meanwhile", new IllegalStateException(lineage.jobId()));
        }
        return published;
    }

    private void put(String manifestKey, String name, StagedCheckpoint staged) {
        store.put(CheckpointKeys.folderOf(manifestKey) + name, staged.folder().resolve(name));
    }

    private Published describe(String key, StagedCheckpoint staged) {
        CheckpointManifest manifest = new CheckpointManifest(
                lineage.jobId(),
                lineage.modelName(),
                fence.attempt(),
                staged.state().step(),
                staged.state().epoch(),
                staged.trainLoss(),
                staged.validationLoss(),
                lineage.datasetId(),
                lineage.datasetDigest(),
                lineage.tokenizer().sha256(),
                Instant.now().toString(),
                staged.parts());
        return new Published(key, Sha256.of(manifest.toJson()), manifest);
    }

    private static Optional<Published> read(String key, byte[] json) {
        try {
            return Optional.of(new Published(key, Sha256.of(json), CheckpointManifest.fromJson(json)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
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
        if (current.isPresent()
                && !current.get().manifestKey().equals(checkpoint.manifestKey())
                && current.get().isBetterThan(manifest.validationLoss(), manifest.datasetDigest())) {
            return false;
        }
        fence.check();
        BestAlias best = new BestAlias(
                checkpoint.manifestKey(),
                checkpoint.manifestSha256(),
                manifest.version(),
                lineage.jobId(),
                manifest.validationLoss(),
                manifest.datasetDigest());
        store.put(key, current.map(best::after).orElse(best).toJson());
        return true;
    }

    /** A job's complete checkpoint with the most steps whose parts are all there, as they were written. */
    public static Optional<StoredCheckpoint> latest(ObjectStore store, String jobId, Path workFolder) {
        return manifestKeys(store, jobId).stream()
                .sorted(Comparator.reverseOrder())
                .map(key -> StoredCheckpoint.download(store, key, workFolder))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /**
     * The weights of this job's checkpoint at a step.
     *
     * @throws IllegalArgumentException if there is none, or it is torn or was altered
     */
    public TensorSource model(int step) {
        String manifestKey = CheckpointKeys.step(lineage.jobId(), step) + CheckpointKeys.MANIFEST;
        return StoredModel.at(store, manifestKey, workFolder).weights();
    }

    /**
     * Does again what an attempt that died may have left undone: points the alias to the job's best checkpoint.
     *
     * @param bestStep of the job's best; 0 where there is none yet
     */
    public void serveBest(int bestStep) {
        String key = CheckpointKeys.step(lineage.jobId(), bestStep) + CheckpointKeys.MANIFEST;
        store.get(key)
                .flatMap(json -> read(key, json))
                .filter(best -> Double.isFinite(best.manifest().validationLoss()))
                .ifPresent(this::serve);
    }

    /** Whether the model's alias points to a checkpoint. */
    public boolean isServed(String manifestKey) {
        return store.get(CheckpointKeys.best(lineage.modelName()))
                .map(BestAlias::fromJson)
                .filter(alias -> alias.manifestKey().equals(manifestKey))
                .isPresent();
    }

    /**
     * Removes this job's checkpoints but for those that stay: see {@link Retention}.
     *
     * @param bestStep of the job's best
     */
    public void removeOld(Retention retention, int bestStep) {
        List<String> newestFirst = manifestKeys(store, lineage.jobId()).stream()
                .sorted(Comparator.reverseOrder())
                .toList();
        Set<String> kept = newestFirst.stream().limit(1L + retention.newest()).collect(Collectors.toSet());
        kept.add(CheckpointKeys.step(lineage.jobId(), bestStep) + CheckpointKeys.MANIFEST);
        List<String> old =
                newestFirst.stream().filter(key -> !kept.contains(key)).toList();
        if (old.isEmpty()) {
            return;
        }
        fence.check();
        for (String key : old) {
            if (!staysForGood(key, retention) && !namedByAModel().contains(key)) {
                remove(key);
            }
        }
    }

    private boolean staysForGood(String manifestKey, Retention retention) {
        return retention.everyEpochs() > 0
                && store.get(CheckpointKeys.folderOf(manifestKey) + CheckpointKeys.TRAINER_STATE)
                        .flatMap(CheckpointStore::state)
                        .filter(state -> isEndOfEpoch(state) && retention.keepsEpoch(state.epoch()))
                        .isPresent();
    }

    private static boolean isEndOfEpoch(TrainerState state) {
        return state.epochMicroBatches() == 0 && state.evaluatedStep() == state.step();
    }

    private static Optional<TrainerState> state(byte[] json) {
        try {
            return Optional.of(TrainerState.fromJson(json));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * What aliases and pins of any model name, and what aliases named before: an operator may go back to it, and may have pointed another
     * name to a checkpoint of this job. Read anew for each deletion.
     */
    private Set<String> namedByAModel() {
        return store.list(CheckpointKeys.MODELS).stream()
                .map(StoredObject::key)
                .flatMap(this::namedBy)
                .map(CheckpointReference::manifestKey)
                .collect(Collectors.toSet());
    }

    private Stream<CheckpointReference> namedBy(String key) {
        try {
            if (CheckpointKeys.isBest(key)) {
                return store.get(key).map(BestAlias::fromJson).stream()
                        .flatMap(alias -> Stream.concat(Stream.of(alias.checkpoint()), alias.previous().stream()));
            }
            if (CheckpointKeys.isPin(key)) {
                return store.get(key).map(Pin::fromJson).map(Pin::checkpoint).stream();
            }
            return Stream.empty();
        } catch (IllegalArgumentException e) {
            throw new StorageException("nothing is removed while " + key + " cannot be read: " + e.getMessage(), e);
        }
    }

    private void remove(String manifestKey) {
        // The manifest goes first: without it the other parts are no checkpoint, whenever this is interrupted.
        store.delete(List.of(manifestKey));
        store.delete(store.list(CheckpointKeys.folderOf(manifestKey)).stream()
                .map(StoredObject::key)
                .toList());
    }

    private static List<String> manifestKeys(ObjectStore store, String jobId) {
        return store.list(CheckpointKeys.job(jobId)).stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.stepOfManifest(key).isPresent())
                .toList();
    }
}
