package io.infinito.storage;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The store that a service is given, as properties. */
@ConfigMapping(prefix = "infinito.storage")
public interface StorageSettings {
    /** Address of MinIO or any S3. */
    @WithDefault("http://localhost:9100")
    String endpoint();

    /** Bucket of checkpoints and aliases; made when missing. */
    @WithDefault("infinito")
    String bucket();

    /** As the server knows it. */
    @WithDefault("infinito")
    String accessKey();

    /** As the server knows it. */
    @WithDefault("infinito-secret")
    String secretKey();

    /** As the server expects it in signatures. */
    @WithDefault("us-east-1")
    String region();

    /** How long an operation is repeated while the server does not answer. */
    @WithDefault("PT30S")
    Duration retryFor();

    /**
     * The validated record.
     *
     * @throws IllegalArgumentException naming the property that is wrong
     */
    default StorageConfig toConfig() {
        return new StorageConfig(endpoint(), bucket(), accessKey(), secretKey(), region()).withRetryFor(retryFor());
    }
}
