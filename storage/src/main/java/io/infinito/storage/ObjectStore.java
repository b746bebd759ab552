package io.infinito.storage;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectsArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.errors.ErrorResponseException;
import io.minio.messages.DeleteError;
import io.minio.messages.DeleteObject;
import io.minio.messages.Item;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One bucket of an S3 server. Operations are repeated for {@link StorageConfig#retryFor} while the server cannot be reached; all of them
 * throw {@link StorageException} when they fail for good. Safe for use by several threads.
 */
public final class ObjectStore implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration TRANSFER_TIMEOUT = Duration.ofSeconds(60);
    /** Held in memory while it is sent; the client's own choice would be 5 MiB, which is many requests for a model. */
    private static final long PART_BYTES = 16L << 20;

    private static final Set<String> MISSING = Set.of("NoSuchKey", "NoSuchBucket", "NoSuchObject", "ResourceNotFound");
    private static final Set<String> REFUSED =
            Set.of("SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "InvalidSecurity");

    private final StorageConfig config;
    private final MinioClient client;
    private final Retries retries;

    /** Connects lazily: nothing is sent before the first operation. */
    public ObjectStore(StorageConfig config) {
        this.config = config;
        this.client = MinioClient.builder()
                .endpoint(config.endpoint().toString())
                .region(config.region())
                .credentials(config.accessKey(), config.secretKey())
                .build();
        client.setTimeout(CONNECT_TIMEOUT.toMillis(), TRANSFER_TIMEOUT.toMillis(), TRANSFER_TIMEOUT.toMillis());
        this.retries = new Retries(config.retryFor());
    }

    /** The bucket's name. */
    public String bucket() {
        return config.bucket();
    }

    /** Makes the bucket when it is missing. */
    public void ensureBucket() {
        call("make", "", attempt -> {
            makeBucket();
            return null;
        });
    }

    /**
     * Writes an object only if there is none of that key: of several that try at once exactly one succeeds.
     *
     * <p>When the answer to a write was lost and its repetition finds the object, equal content counts as the own write; content that
     * must tell writers apart therefore has to name its writer.
     *
     * @return whether this call made the object
     */
    public boolean putIfAbsent(String key, byte[] content) {
        return call("create", key, attempt -> {
            try {
                write(key, new ByteArrayInputStream(content), content.length, Map.of("If-None-Match", "*"));
                return true;
            } catch (ErrorResponseException e) {
                if (!"PreconditionFailed".equals(e.errorResponse().code())) {
                    throw e;
                }
                return attempt > 1 && Arrays.equals(content, read(key));
            }
        });
    }

    /** Writes an object, over the one that may be there. */
    public void put(String key, byte[] content) {
        call("write", key, attempt -> {
            write(key, new ByteArrayInputStream(content), content.length, Map.of());
            return null;
        });
    }

    /** Writes a file's content as an object, over the one that may be there. */
    public void put(String key, Path file) {
        call("write", key, attempt -> {
            try (InputStream content = Files.newInputStream(file)) {
                write(key, content, Files.size(file), Map.of());
            }
            return null;
        });
    }

    /** An object's content, or empty if there is no such object. For objects that fit in memory. */
    public Optional<byte[]> get(String key) {
        return ifPresent("read", key, attempt -> read(key));
    }

    /** An object's content as a stream, which the caller closes. A connection lost on the way shows as an {@link IOException}. */
    public InputStream open(String key) {
        return call(
                "read",
                key,
                attempt -> client.getObject(
                        GetObjectArgs.builder().bucket(bucket()).object(key).build()));
    }

    /** Writes an object's content to a file, which is either complete or not there; folders are made. */
    public void download(String key, Path file) {
        download(key, GetObjectArgs.builder().bucket(bucket()).object(key).build(), file, content -> content);
    }

    /**
     * As {@link #download(String, Path)}, with something that sees the content while it comes.
     *
     * @param reading what the content is read through; called anew for each try, of which earlier ones may have ended half-way
     */
    public void download(String key, Path file, UnaryOperator<InputStream> reading) {
        download(key, GetObjectArgs.builder().bucket(bucket()).object(key).build(), file, reading);
    }

    /** As {@link #download(String, Path)}, but only the content that was listed: fails if the object has another ETag by now. */
    public void download(StoredObject object, Path file) {
        GetObjectArgs.Builder args = GetObjectArgs.builder().bucket(bucket()).object(object.key());
        if (!object.etag().isEmpty()) {
            args.matchETag(object.etag());
        }
        download(object.key(), args.build(), file, content -> content);
    }

    private void download(String key, GetObjectArgs args, Path file, UnaryOperator<InputStream> reading) {
        call("read", key, attempt -> {
            Path target = file.toAbsolutePath();
            Files.createDirectories(target.getParent());
            Path partial = Files.createTempFile(target.getParent(), target.getFileName() + ".", ".part");
            try {
                try (InputStream content = reading.apply(client.getObject(args))) {
                    Files.copy(content, partial, StandardCopyOption.REPLACE_EXISTING);
                }
                Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(partial);
            }
            return null;
        });
    }

    /** An object's size in bytes, or empty if there is no such object. */
    public OptionalLong size(String key) {
        Optional<StoredObject> object = find(key);
        return object.isPresent() ? OptionalLong.of(object.get().size()) : OptionalLong.empty();
    }

    /** An object as a listing shows it, or empty if there is no such object. */
    public Optional<StoredObject> find(String key) {
        return ifPresent("look at", key, attempt -> {
            StatObjectResponse found = client.statObject(
                    StatObjectArgs.builder().bucket(bucket()).object(key).build());
            return new StoredObject(key, found.size(), plain(found.etag()));
        });
    }

    /** Every object whose key starts with {@code prefix}, in the order of their keys. */
    public List<StoredObject> list(String prefix) {
        return ifPresent("list", prefix, attempt -> {
                    List<StoredObject> found = new ArrayList<>();
                    for (Result<Item> result : client.listObjects(ListObjectsArgs.builder()
                            .bucket(bucket())
                            .prefix(prefix)
                            .recursive(true)
                            .build())) {
                        Item item = result.get();
                        found.add(new StoredObject(item.objectName(), item.size(), plain(item.etag())));
                    }
                    found.sort(Comparator.comparing(StoredObject::key));
                    return found;
                })
                .orElseGet(List::of);
    }

    /** Deletes objects; those that are not there are passed over. */
    public void delete(Collection<String> keys) {
        if (keys.isEmpty()) {
            return;
        }
        String first = keys.iterator().next();
        call("delete", keys.size() == 1 ? first : first + " and " + (keys.size() - 1) + " more", attempt -> {
            Iterable<Result<DeleteError>> errors = client.removeObjects(RemoveObjectsArgs.builder()
                    .bucket(bucket())
                    .objects(keys.stream().map(DeleteObject::new).toList())
                    .build());
            for (Result<DeleteError> error : errors) {
                throw new IOException(
                        error.get().objectName() + ": " + error.get().message());
            }
            return null;
        });
    }

    /** Whether the server answers now and accepts the keys; asked once, without repetition. */
    public boolean isReachable() {
        try {
            client.bucketExists(BucketExistsArgs.builder().bucket(bucket()).build());
            return true;
        } catch (Exception e) {
            return false;
        }
    }

    /** Lets the connections go. */
    @Override
    public void close() {
        try {
            client.close();
        } catch (Exception e) {
            throw new StorageException("cannot close the client of " + config.endpoint(), e);
        }
    }

    private void write(String key, InputStream content, long size, Map<String, String> headers) throws Exception {
        // A conditional write has to be one request: the condition of a multipart upload is not checked everywhere.
        long partBytes = headers.isEmpty() ? PART_BYTES : Math.max(PART_BYTES, size);
        client.putObject(PutObjectArgs.builder().bucket(bucket()).object(key).stream(content, size, partBytes)
                .headers(headers)
                .build());
    }

    private byte[] read(String key) throws Exception {
        try (InputStream content = client.getObject(
                GetObjectArgs.builder().bucket(bucket()).object(key).build())) {
            return content.readAllBytes();
        }
    }

    private void makeBucket() throws Exception {
        if (client.bucketExists(BucketExistsArgs.builder().bucket(bucket()).build())) {
            return;
        }
        try {
            client.makeBucket(MakeBucketArgs.builder().bucket(bucket()).build());
        } catch (ErrorResponseException e) {
            // Another service made it in the meantime.
            if (!Set.of("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
                    .contains(e.errorResponse().code())) {
                throw e;
            }
        }
    }

    private <T> Optional<T> ifPresent(String verb, String key, Retries.Attempt<T> attempt) {
        return call(verb, key, number -> {
            try {
                return Optional.of(attempt.run(number));
            } catch (ErrorResponseException e) {
                if (MISSING.contains(e.errorResponse().code())) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    private <T> T call(String verb, String key, Retries.Attempt<T> attempt) {
        try {
            return retries.run(number -> withBucket(verb, number, attempt));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StorageException(subject(verb, key) + "interrupted", e);
        } catch (Exception e) {
            throw new StorageException(subject(verb, key) + reason(e), e);
        }
    }

    /** Writing makes the bucket when it turns out to be missing, so that no service has to be the first. */
    private <T> T withBucket(String verb, int number, Retries.Attempt<T> attempt) throws Exception {
        try {
            return attempt.run(number);
        } catch (ErrorResponseException e) {
            boolean writes = "write".equals(verb) || "create".equals(verb);
            if (!writes || !"NoSuchBucket".equals(e.errorResponse().code())) {
                throw e;
            }
            makeBucket();
            return attempt.run(number);
        }
    }

    private static String plain(String etag) {
        return etag == null ? "" : etag.replace("\"", "");
    }

    private String subject(String verb, String key) {
        return "cannot " + verb + " s3://" + bucket() + "/" + key + " at " + config.endpoint() + ": ";
    }

    private static String reason(Exception e) {
        if (e instanceof ErrorResponseException refused) {
            String code = refused.errorResponse().code();
            if (REFUSED.contains(code)) {
                return code + "; check infinito.storage.access-key and infinito.storage.secret-key";
            }
            return MISSING.contains(code) ? "it does not exist" : code + ": " + refused.getMessage();
        }
        return e instanceof IOException ? "no connection or no file: " + e : e.toString();
    }
}
