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
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jboss.logging.Logger;

/** From the name of a checkpoint to a model that can answer. Every byte that is loaded was hashed before. */
public final class ModelLoader implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelLoader.class);
    private static final List<String> PARTS =
            List.of(CheckpointKeys.CONFIG, CheckpointKeys.TOKENIZER, CheckpointKeys.MODEL);

    private final ObjectStore store;
    private final CheckpointCache cache;
    private final Torch torch;
    private final int sequences;
    private final StartupTimeline timeline;
    /** Of the model before: most versions of a model have the same, and parsing it is a quarter of a reload. */
    private Optional<Tokenizer> latest = Optional.empty();

    /**
     * A loader that keeps what it downloads in {@code cache}.
     *
     * @param sequences that a model may run at once
     */
    public ModelLoader(ObjectStore store, CheckpointCache cache, Torch torch, int sequences, StartupTimeline timeline) {
        this.store = store;
        this.cache = cache;
        this.torch = torch;
        this.sequences = sequences;
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
        long start = System.nanoTime();
        CheckpointManifest manifest = manifest(checkpoint);
        Path folder = cache.folder(checkpoint.manifestSha256());
        for (String part : PARTS) {
            fetch(CheckpointKeys.folderOf(checkpoint.manifestKey()) + part, part, manifest, folder);
        }
        long verified = System.nanoTime();
        timeline.reached(StartupTimeline.Milestone.CHECKPOINT);
        LoadedModel model = load(
                new ModelIdentity(modelName, manifest.version(), manifest.step(), checkpoint.manifestSha256()),
                manifest,
                folder);
        LOG.debugf(
                "%s: fetched and verified in %d ms, loaded and warmed in %d ms",
                manifest.version(),
                Duration.ofNanos(verified - start).toMillis(),
                Duration.ofNanos(System.nanoTime() - verified).toMillis());
        return model;
    }

    private LoadedModel load(ModelIdentity identity, CheckpointManifest manifest, Path folder)
            throws CheckpointRefusedException {
        String version = manifest.version();
        GptConfig config = checked(
                Reason.UNSUPPORTED,
                version,
                () -> HuggingFaceConfig.read(Files.readAllBytes(folder.resolve(CheckpointKeys.CONFIG))));
        SafeTensorsIndex tensors =
                checked(Reason.TORN, version, () -> SafeTensorsIndex.read(folder.resolve(CheckpointKeys.MODEL)));
        Tokenizer tokenizer = checked(Reason.VOCABULARY, version, () -> tokenizer(folder, manifest, config));
        return checked(
                Reason.WEIGHTS,
                version,
                () -> LoadedModel.load(
                        torch, identity, manifest.validationLoss(), config, tokenizer, tensors, sequences));
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

    private void fetch(String key, String name, CheckpointManifest manifest, Path folder)
            throws CheckpointRefusedException {
        CheckpointManifest.Part part = manifest.parts().get(name);
        if (part == null) {
            throw new CheckpointRefusedException(
                    Reason.TORN, manifest.version() + ": manifest.json lists no part " + name);
        }
        Path file = folder.resolve(name);
        try {
            if (isWhole(file, part)) {
                return;
            }
            OptionalLong size = store.size(key);
            if (size.isEmpty()) {
                throw new CheckpointRefusedException(Reason.TORN, key + " does not exist: the checkpoint is torn");
            }
            if (size.getAsLong() != part.size()) {
                throw new CheckpointRefusedException(
                        Reason.TORN, key + " has " + size.getAsLong() + " bytes, the manifest says " + part.size());
            }
            MessageDigest digest = Sha256.digest();
            store.download(key, file, digest);
            String sha256 = Sha256.hex(digest);
            if (!sha256.equals(part.sha256())) {
                Files.delete(file);
                throw new CheckpointRefusedException(
                        Reason.ALTERED, key + " has sha256 " + sha256 + ", the manifest says " + part.sha256());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep " + key + " as " + file + ": " + e.getMessage(), e);
        }
    }

    /** Whether a file of an earlier download is there as it was. */
    private static boolean isWhole(Path file, CheckpointManifest.Part part) throws IOException {
        return Files.exists(file)
                && Files.size(file) == part.size()
                && Sha256.of(file).equals(part.sha256());
    }

    private Tokenizer tokenizer(Path folder, CheckpointManifest manifest, GptConfig config) throws IOException {
        // The file has the hash that the manifest lists.
        String sha256 = manifest.parts().get(CheckpointKeys.TOKENIZER).sha256();
        if (latest.filter(former -> former.sha256().equals(sha256)).isEmpty()) {
            Tokenizer parsed = Tokenizer.fromFile(folder.resolve(CheckpointKeys.TOKENIZER));
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

    /** Lets the tokenizer go that it keeps for the next model. Not while it loads. */
    @Override
    public void close() {
        latest.ifPresent(Tokenizer::close);
        latest = Optional.empty();
    }

    /** A step of loading that says what is wrong with the file. */
    private interface Step<T> {
        T take() throws IOException;
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
