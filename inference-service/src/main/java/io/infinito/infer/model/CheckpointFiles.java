package io.infinito.infer.model;

import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.Sha256;
import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.storage.ObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.OptionalLong;

/** The parts of one checkpoint as files of this machine, with the sizes and hashes that the manifest lists. */
final class CheckpointFiles {
    private final ObjectStore store;
    private final String source;
    private final CheckpointManifest manifest;
    private final Path folder;
    private final DownloadPace pace;

    /**
     * Downloads nothing yet.
     *
     * @param source where the parts are in the store, ending in a slash
     * @param folder where they belong on this machine
     * @param pace of downloads
     */
    CheckpointFiles(ObjectStore store, String source, CheckpointManifest manifest, Path folder, DownloadPace pace) {
        this.store = store;
        this.source = source;
        this.manifest = manifest;
        this.folder = folder;
        this.pace = pace;
    }

    /** What they are parts of. */
    CheckpointManifest manifest() {
        return manifest;
    }

    /** Where a part is, once it was fetched. */
    Path path(String name) {
        return folder.resolve(name);
    }

    /**
     * Downloads a part, unless it is here as it was. All of it was hashed when this returns.
     *
     * @throws CheckpointRefusedException if the store has no such part, or another than the manifest lists
     * @throws UncheckedIOException if the file cannot be written
     */
    void fetch(String name) throws CheckpointRefusedException {
        CheckpointManifest.Part part = part(name);
        String key = source + name;
        Path file = path(name);
        try {
            if (isWhole(name)) {
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
            store.download(key, file, content -> {
                digest.reset();
                return pace.of(new DigestInputStream(content, digest));
            });
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

    /** Whether a part is here in its length from an earlier download, whatever is in it. */
    boolean isKept(String name) throws CheckpointRefusedException {
        try {
            return Files.size(path(name)) == part(name).size();
        } catch (IOException e) {
            // Not there, or of no use.
            return false;
        }
    }

    /** Whether a part is here as it was downloaded; reads all of it. */
    boolean isWhole(String name) throws CheckpointRefusedException, IOException {
        return isKept(name) && Sha256.of(path(name)).equals(part(name).sha256());
    }

    private CheckpointManifest.Part part(String name) throws CheckpointRefusedException {
        CheckpointManifest.Part part = manifest.parts().get(name);
        if (part == null) {
            throw new CheckpointRefusedException(
                    Reason.TORN, manifest.version() + ": manifest.json lists no part " + name);
        }
        return part;
    }
}
