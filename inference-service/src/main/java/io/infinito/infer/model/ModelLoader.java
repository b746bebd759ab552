package io.infinito.infer.model;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.HuggingFaceConfig;
import io.infinito.checkpoint.Sha256;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensors;
import io.infinito.storage.ObjectStore;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** From an alias to a model that can answer. Every byte that is loaded was hashed before. */
public final class ModelLoader {
    private static final List<String> PARTS =
            List.of(CheckpointKeys.CONFIG, CheckpointKeys.TOKENIZER, CheckpointKeys.MODEL);

    private final ObjectStore store;
    private final CheckpointCache cache;
    private final Torch torch;

    /** A loader that keeps what it downloads in {@code cache}. */
    public ModelLoader(ObjectStore store, CheckpointCache cache, Torch torch) {
        this.store = store;
        this.cache = cache;
        this.torch = torch;
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
    public LoadedModel load(String modelName, BestAlias alias) throws CheckpointRefusedException {
        CheckpointManifest manifest = manifest(alias);
        Path folder = cache.folder(alias.manifestSha256());
        for (String part : PARTS) {
            fetch(CheckpointKeys.folderOf(alias.manifestKey()) + part, part, manifest, folder);
        }
        ModelIdentity identity =
                new ModelIdentity(modelName, manifest.version(), manifest.step(), alias.manifestSha256());
        try {
            GptConfig config = HuggingFaceConfig.read(Files.readAllBytes(folder.resolve(CheckpointKeys.CONFIG)));
            SafeTensors tensors = SafeTensors.read(folder.resolve(CheckpointKeys.MODEL));
            Tokenizer tokenizer = tokenizer(folder, manifest, config);
            return LoadedModel.load(torch, identity, manifest.validationLoss(), config, tokenizer, tensors);
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(manifest.version() + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }

    private CheckpointManifest manifest(BestAlias alias) throws CheckpointRefusedException {
        String key = alias.manifestKey();
        byte[] bytes = store.get(key)
                .orElseThrow(() -> new CheckpointRefusedException(
                        key + " does not exist: the checkpoint is not complete or was deleted"));
        String sha256 = Sha256.of(bytes);
        if (!sha256.equals(alias.manifestSha256())) {
            throw new CheckpointRefusedException(
                    key + " has sha256 " + sha256 + ", the alias says " + alias.manifestSha256());
        }
        try {
            return CheckpointManifest.fromJson(bytes);
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(key + ": " + e.getMessage(), e);
        }
    }

    private void fetch(String key, String name, CheckpointManifest manifest, Path folder)
            throws CheckpointRefusedException {
        CheckpointManifest.Part part = manifest.parts().get(name);
        if (part == null) {
            throw new CheckpointRefusedException(manifest.version() + ": manifest.json lists no part " + name);
        }
        Path file = folder.resolve(name);
        try {
            if (Files.exists(file) && mismatch(file, part) == null) {
                return;
            }
            if (store.size(key).isEmpty()) {
                throw new CheckpointRefusedException(key + " does not exist: the checkpoint is torn");
            }
            store.download(key, file);
            String mismatch = mismatch(file, part);
            if (mismatch != null) {
                Files.delete(file);
                throw new CheckpointRefusedException(key + " " + mismatch);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep " + key + " as " + file + ": " + e.getMessage(), e);
        }
    }

    private static String mismatch(Path file, CheckpointManifest.Part part) throws IOException {
        long size = Files.size(file);
        if (size != part.size()) {
            return "has " + size + " bytes, the manifest says " + part.size();
        }
        String sha256 = Sha256.of(file);
        return sha256.equals(part.sha256()) ? null : "has sha256 " + sha256 + ", the manifest says " + part.sha256();
    }

    private static Tokenizer tokenizer(Path folder, CheckpointManifest manifest, GptConfig config) throws IOException {
        Tokenizer tokenizer = Tokenizer.fromFile(folder.resolve(CheckpointKeys.TOKENIZER));
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
}
