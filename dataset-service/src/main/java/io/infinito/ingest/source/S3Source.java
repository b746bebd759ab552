package io.infinito.ingest.source;

import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.infinito.storage.StorageException;
import io.infinito.storage.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An object of an S3 server, or the objects directly in a folder of it, fetched and then read as local files are. */
final class S3Source {
    private final StorageConfig server;
    private final Path folder;

    /**
     * A source that downloads to a folder.
     *
     * @param server its bucket does not matter
     * @param folder to be deleted by the caller when the corpus is done with
     */
    S3Source(StorageConfig server, Path folder) {
        this.server = server;
        this.folder = folder;
    }

    /**
     * Fetches what the address names.
     *
     * @throws IOException if it cannot be written here
     * @throws SourceException if there is no such object, or the server refuses
     */
    Corpus open(SourceAddress.S3 address, SplitRatio ratio) throws IOException {
        String label = "s3://" + address.bucket() + "/" + address.key();
        StorageConfig bucket = new StorageConfig(
                server.endpoint(),
                address.bucket(),
                server.accessKey(),
                server.secretKey(),
                server.region(),
                server.retryFor());
        try (ObjectStore store = new ObjectStore(bucket)) {
            if (store.size(address.key()).isPresent()) {
                return LocalSource.open(fetch(store, address.key()), label, ratio);
            }
            String prefix = address.key().endsWith("/") ? address.key() : address.key() + "/";
            List<StoredObject> objects = store.list(prefix).stream()
                    .filter(object -> object.key().indexOf('/', prefix.length()) < 0)
                    .filter(object -> object.key().length() > prefix.length())
                    .toList();
            if (objects.isEmpty()) {
                throw new SourceException(
                        "dataset.source: " + label + ": there is no such object, and none in " + prefix);
            }
            for (StoredObject object : objects) {
                fetch(store, object.key());
            }
            return LocalSource.open(folder, label, ratio);
        } catch (StorageException e) {
            throw new SourceException("dataset.source: " + label + " cannot be read: " + e.getMessage(), e);
        }
    }

    private Path fetch(ObjectStore store, String key) throws IOException {
        String name = key.substring(key.lastIndexOf('/') + 1);
        Path file = folder.resolve(name).normalize();
        if (!folder.equals(file.getParent())) {
            throw new SourceException(
                    "dataset.source: the object " + key + " cannot be a file here: expected a name after the last /");
        }
        Files.createDirectories(folder);
        store.download(key, file);
        return file;
    }
}
