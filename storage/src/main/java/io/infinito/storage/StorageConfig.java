package io.infinito.storage;

import java.net.URI;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Which bucket of which server, and as whom.
 *
 * @param endpoint {@code http} or {@code https} address of the S3 server
 * @param bucket made on the first write when it is missing
 * @param accessKey as the server knows it
 * @param secretKey as the server knows it
 * @param region as the server expects it in signatures
 * @param retryFor how long an operation is repeated while the server cannot be reached or is overloaded; zero: never
 */
public record StorageConfig(
        URI endpoint, String bucket, String accessKey, String secretKey, String region, Duration retryFor) {
    /** How long operations are repeated when nothing else is said. */
    public static final Duration DEFAULT_RETRY_FOR = Duration.ofSeconds(30);

    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    /** Checks every value; messages carry the configuration's names. */
    public StorageConfig {
        boolean http = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
        require(http && endpoint.getHost() != null, "endpoint", endpoint, "an address like http://localhost:9100");
        require(BUCKET.matcher(bucket).matches(), "bucket", bucket, "3 to 63 of a-z, 0-9, '.' and '-'");
        require(!accessKey.isBlank(), "access-key", accessKey, "not blank");
        // The value stays out of the message.
        require(!secretKey.isBlank(), "secret-key", "", "not blank");
        require(!region.isBlank(), "region", region, "a name like us-east-1");
        require(!retryFor.isNegative(), "retry-for", retryFor, "zero or more");
    }

    /** With operations repeated for {@link #DEFAULT_RETRY_FOR}. */
    public StorageConfig(String endpoint, String bucket, String accessKey, String secretKey, String region) {
        this(address(endpoint), bucket, accessKey, secretKey, region, DEFAULT_RETRY_FOR);
    }

    /** This configuration with another limit for repetitions. */
    public StorageConfig withRetryFor(Duration limit) {
        return new StorageConfig(endpoint, bucket, accessKey, secretKey, region, limit);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "StorageConfig[" + endpoint + "/" + bucket + ", region " + region + "]";
    }

    private static URI address(String endpoint) {
        try {
            return URI.create(endpoint);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "infinito.storage.endpoint='" + endpoint + "': must be an address like http://localhost:9100", e);
        }
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("infinito.storage." + name + "='" + value + "': must be " + expected);
        }
    }
}
