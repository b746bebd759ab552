package io.infinito.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageConfigTest {
    @ParameterizedTest
    @CsvSource({
        "localhost:9100, infinito, key, secret, us-east-1, infinito.storage.endpoint",
        "ftp://host, infinito, key, secret, us-east-1, infinito.storage.endpoint",
        "'http://a b', infinito, key, secret, us-east-1, infinito.storage.endpoint",
        "http://host, In, key, secret, us-east-1, infinito.storage.bucket",
        "http://host, infinito, '', secret, us-east-1, infinito.storage.access-key",
        "http://host, infinito, key, '', us-east-1, infinito.storage.secret-key",
        "http://host, infinito, key, secret, '', infinito.storage.region",
    })
    void aWrongValueIsNamed(
            String endpoint, String bucket, String accessKey, String secretKey, String region, String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StorageConfig(endpoint, bucket, accessKey, secretKey, region))
                .withMessageStartingWith(name + "='");
    }

    @Test
    void theSecretStaysOutOfTheText() {
        StorageConfig config = new StorageConfig("http://host:9100", "infinito", "key", "hush-hush", "us-east-1");
        assertThat(config.toString()).doesNotContain("hush-hush").contains("http://host:9100/infinito");
        assertThat(config.withRetryFor(Duration.ZERO).retryFor()).isZero();
    }
}
