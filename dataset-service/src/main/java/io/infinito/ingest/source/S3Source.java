package io.infinito.ingest.source;

import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.infinito.storage.StorageException;
import io.infinito.storage.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An object of an S3 server, those of a folder and its folders, or those of them that a pattern is for. They are fetched one at a time and
 * deleted when they have been read.
 *
 * @param server its bucket does not matter
 * @param folder for the object that is read
 */
record S3Source(StorageConfig server, Path folder) {
    /**
     * Lists what the address names.
     *
     * @throws SourceException if there is no such object, or the server refuses
     */
    FileListing list(SourceAddress.S3 address) {
        String label = "s3://" + address.bucket() + "/" + address.key();
        String key = address.key();
        StorageConfig bucket = new StorageConfig(
                server.endpoint(),
                address.bucket(),
                server.accessKey(),
                server.secretKey(),
                server.region(),
                server.retryFor());
        try (ObjectStore store = new ObjectStore(bucket)) {
            Optional<StoredObject> one = store.find(key);
            if (one.isPresent() && !key.endsWith("/")) {
                String name = key.substring(key.lastIndexOf('/') + 1);
                return new FileListing(label, false, List.of(new S3File(name, one.get(), bucket, folder)));
            }
            boolean isPattern = PathGlob.isPattern(key);
            String prefix =
                    isPattern ? key.substring(0, PathGlob.folderLength(key)) : key.endsWith("/") ? key : key + "/";
            List<SourceFile> all = store.list(prefix).stream()
                    .filter(object -> !object.key().endsWith("/"))
                    .map(object -> file(object, prefix, bucket))
                    .filter(file -> !FileListing.isHidden(file.path()))
                    .toList();
            if (all.isEmpty()) {
                throw new SourceException("dataset.source: %s: there is no such object, and none in s3://%s/%s"
                        .formatted(label, address.bucket(), prefix));
            }
            if (!isPattern) {
                return new FileListing(label, true, all);
            }
            PathGlob glob = new PathGlob("dataset.source", key.substring(prefix.length()));
            List<SourceFile> found =
                    all.stream().filter(file -> glob.matches(file.path())).toList();
            if (found.isEmpty()) {
                throw new SourceException("dataset.source: %s is for no object: in s3://%s/%s there is %s"
                        .formatted(label, address.bucket(), prefix, new FileListing(label, true, all).contents()));
            }
            return new FileListing(label, true, found);
        } catch (StorageException e) {
            throw new SourceException("dataset.source: " + label + " cannot be read: " + e.getMessage(), e);
        }
    }

    private SourceFile file(StoredObject object, String prefix, StorageConfig bucket) {
        return new S3File(object.key().substring(prefix.length()), object, bucket, folder);
    }

    /** An object as it was listed. */
    private record S3File(String path, StoredObject object, StorageConfig bucket, Path folder) implements SourceFile {
        @Override
        public long size() {
            return object.size();
        }

        @Override
        public String identity() throws IOException {
            if (!object.etag().isEmpty()) {
                return object.etag() + " " + object.size();
            }
            try (FetchedFile file = fetch()) {
                return FileHash.of(file.path());
            }
        }

        @Override
        public FetchedFile fetch() throws IOException {
            Path file = folder.resolve("object");
            try (ObjectStore store = new ObjectStore(bucket)) {
                store.download(object, file);
            } catch (StorageException e) {
                throw new SourceException(
                        "dataset.source: s3://%s/%s cannot be read, or was changed meanwhile: %s"
                                .formatted(bucket.bucket(), object.key(), e.getMessage()),
                        e);
            }
            if (Files.size(file) != object.size()) {
                throw new SourceException(
                        "dataset.source: s3://%s/%s has %d bytes, not the %d that were listed: ask again"
                                .formatted(bucket.bucket(), object.key(), Files.size(file), object.size()));
            }
            return FetchedFile.temporary(file);
        }
    }
}
