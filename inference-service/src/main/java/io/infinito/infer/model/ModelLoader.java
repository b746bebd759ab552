package io.infinito.infer.model;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Sha256;
import io.infinito.gpt.GptConfig;
import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.safetensors.SafeTensorsIndex;
import io.infinito.storage.ObjectStore;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jboss.logging.Logger;

/** From the name of a checkpoint to a model that can answer. Every byte of it was hashed before it is returned. */
public final class ModelLoader implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelLoader.class);

    private final ObjectStore store;
    private final CheckpointCache cache;
    private final Torch torch;
    private final int caches;
    private final StartupTimeline timeline;
    /** Of the model before: most versions of a model have the same, and parsing it is a quarter of a reload. */
    private Optional<Tokenizer> latest = Optional.empty();
    /** Then that one answers meanwhile. */
    private boolean loadedBefore;

    /**
     * A loader that keeps what it downloads in {@code cache}.
     *
     * @param caches that a model may have open at once
     */
    public ModelLoader(ObjectStore store, CheckpointCache cache, Torch torch, int caches, StartupTimeline timeline) {
        this.store = store;
        this.cache = cache;
        this.torch = torch;
        this.caches = caches;
        this.timeline = timeline;
    }

    /**
     * Downloads, verifies, loads and warms.
     *
     * @param modelName that answers give
     * @return a model with one user, the caller
     * @throws CheckpointRefusedException if the checkpoint is not whole, or not one for this version of the service
     * @throws io.infinito.storage.StorageException if the store cannot be read now
     * @throws UncheckedIOException if the cache directory cannot be written
     */
    public LoadedModel load(String modelName, CheckpointReference checkpoint) throws CheckpointRefusedException {
        CheckpointManifest manifest = manifest(checkpoint);
        ModelIdentity identity =
                new ModelIdentity(modelName, manifest.version(), manifest.step(), checkpoint.manifestSha256());
        CheckpointFiles files = new CheckpointFiles(
                store,
                CheckpointKeys.folderOf(checkpoint.manifestKey()),
                manifest,
                cache.folder(checkpoint.manifestSha256()),
                loadedBefore && torch.leavesOneProcessor() ? DownloadPace.BESIDE_DECODING : DownloadPace.FULL);
        files.fetch(CheckpointKeys.CONFIG);
        GptConfig config = checked(
                Reason.UNSUPPORTED,
                manifest.version(),
                () -> HuggingFaceConfig.read(Files.readAllBytes(files.path(CheckpointKeys.CONFIG))));
        files.fetch(CheckpointKeys.TOKENIZER);
        if (files.isKept(CheckpointKeys.MODEL)) {
            Optional<LoadedModel> kept = loadKept(identity, config, files);
            if (kept.isPresent()) {
                loadedBefore = true;
                return kept.get();
            }
        }
        LoadedModel fetched = loadFetched(identity, config, files);
        loadedBefore = true;
        return fetched;
    }

    /**
     * Loads the weights of an earlier download while another thread hashes them, which takes about as long.
     *
     * @return empty if they are not what was downloaded
     */
    private Optional<LoadedModel> loadKept(ModelIdentity identity, GptConfig config, CheckpointFiles files)
            throws CheckpointRefusedException {
        CompletableFuture<Boolean> whole = beside("model-verify", () -> weightsAreWhole(files));
        try {
            LoadedModel model = load(identity, config, files, parsing(files, config));
            if (whole.join()) {
                return Optional.of(model);
            }
            model.release();
        } catch (CheckpointRefusedException e) {
            // What is wrong may be the file on this machine, and not the checkpoint.
            if (whole.join()) {
                throw e;
            }
        } finally {
            // The next try should not hash beside this one.
            whole.exceptionally(failure -> false).join();
        }
        LOG.warnf("%s is not what was downloaded: downloading it again", files.path(CheckpointKeys.MODEL));
        return Optional.empty();
    }

    private boolean weightsAreWhole(CheckpointFiles files) throws CheckpointRefusedException {
        try {
            boolean whole = files.isWhole(CheckpointKeys.MODEL);
            if (whole) {
                timeline.reached(StartupTimeline.Milestone.CHECKPOINT);
            }
            return whole;
        } catch (IOException e) {
            // Downloading tells why.
            return false;
        }
    }

    private LoadedModel loadFetched(ModelIdentity identity, GptConfig config, CheckpointFiles files)
            throws CheckpointRefusedException {
        // While the weights arrive.
        CompletableFuture<Tokenizer> tokenizer = parsing(files, config);
        try {
            files.fetch(CheckpointKeys.MODEL);
        } catch (CheckpointRefusedException | RuntimeException | Error e) {
            tokenizer.thenAccept(Tokenizer::close);
            throw e;
        }
        timeline.reached(StartupTimeline.Milestone.CHECKPOINT);
        return load(identity, config, files, tokenizer);
    }

    /** The tokenizer becomes the model's, also on failure. */
    private LoadedModel load(
            ModelIdentity identity, GptConfig config, CheckpointFiles files, CompletableFuture<Tokenizer> tokenizer)
            throws CheckpointRefusedException {
        try {
            SafeTensorsIndex tensors = checked(
                    Reason.TORN, identity.version(), () -> SafeTensorsIndex.read(files.path(CheckpointKeys.MODEL)));
            double loss = files.manifest().validationLoss();
            return checked(
                    Reason.WEIGHTS,
                    identity.version(),
                    () -> LoadedModel.load(torch, identity, loss, config, tokenizer, tensors, caches));
        } catch (CheckpointRefusedException | RuntimeException | Error e) {
            // Once more does no harm.
            tokenizer.thenAccept(Tokenizer::close);
            if (e instanceof CompletionException && e.getCause() instanceof CheckpointRefusedException refusal) {
                throw refusal;
            }
            throw e;
        }
    }

    private CheckpointManifest manifest(CheckpointReference checkpoint) throws CheckpointRefusedException {
        String key = checkpoint.manifestKey();
        byte[] bytes = store.get(key)
                .orElseThrow(() -> new CheckpointRefusedException(
                        Reason.TORN, key + " does not exist: the checkpoint is not complete or was deleted"));
        String sha256 = Sha256.of(bytes);
        if (!sha256.equals(checkpoint.manifestSha256())) {
            throw new CheckpointRefusedException(
                    Reason.ALTERED, key + " has sha256 " + sha256 + ", the alias says " + checkpoint.manifestSha256());
        }
        return manifest(key, bytes);
    }

    /** Parses a manifest. */
    static CheckpointManifest manifest(String key, byte[] bytes) throws CheckpointRefusedException {
        try {
            return CheckpointManifest.fromJson(bytes);
        } catch (CheckpointManifest.TooNewException e) {
            throw new CheckpointRefusedException(Reason.TOO_NEW, key + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(Reason.UNSUPPORTED, key + ": " + e.getMessage(), e);
        }
    }

    /** The tokenizer, parsed by a thread of its own. */
    private CompletableFuture<Tokenizer> parsing(CheckpointFiles files, GptConfig config) {
        return beside(
                "model-tokenizer",
                () -> checked(Reason.VOCABULARY, files.manifest().version(), () -> tokenizer(files, config)));
    }

    private synchronized Tokenizer tokenizer(CheckpointFiles files, GptConfig config) throws IOException {
        CheckpointManifest manifest = files.manifest();
        // The file has the hash that the manifest lists.
        String sha256 = manifest.parts().get(CheckpointKeys.TOKENIZER).sha256();
        if (latest.filter(former -> former.sha256().equals(sha256)).isEmpty()) {
            Tokenizer parsed = Tokenizer.fromFile(files.path(CheckpointKeys.TOKENIZER));
            close();
            latest = Optional.of(parsed);
        }
        Tokenizer tokenizer = latest.orElseThrow().share();
        String wrong = null;
        if (!tokenizer.sha256().equals(manifest.tokenizerSha256())) {
            wrong = "tokenizer.json has sha256 " + tokenizer.sha256() + ", the model was trained with "
                    + manifest.tokenizerSha256();
        } else if (tokenizer.vocabularySize() != config.vocabularySize()) {
            wrong = "tokenizer.json has " + tokenizer.vocabularySize() + " ids, config.json says vocab_size="
                    + config.vocabularySize();
        }
        if (wrong != null) {
            tokenizer.close();
            throw new IllegalArgumentException(wrong);
        }
        return tokenizer;
    }

    /** Lets the tokenizer go that it keeps for the next model. */
    @Override
    public synchronized void close() {
        latest.ifPresent(Tokenizer::close);
        latest = Optional.empty();
    }

    /** A step of loading that says what is wrong with the file. */
    private interface Step<T> {
        T take() throws IOException, CheckpointRefusedException;
    }

    private static <T> CompletableFuture<T> beside(String thread, Step<T> step) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return step.take();
                    } catch (CheckpointRefusedException | IOException e) {
                        throw new CompletionException(e);
                    }
                },
                work -> new Thread(work, thread).start());
    }

    private static <T> T checked(Reason reason, String version, Step<T> step) throws CheckpointRefusedException {
        try {
            return step.take();
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(reason, version + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the files of " + version + ": " + e.getMessage(), e);
        }
    }
}
