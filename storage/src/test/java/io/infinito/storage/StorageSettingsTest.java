package io.infinito.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StorageSettingsTest {
    @Test
    void defaultsAreThoseOfTheEmbeddedServer() {
        assertThat(settings(Map.of()).toConfig())
                .isEqualTo(new StorageConfig(
                                "http://localhost:9100", "infinito", "infinito", "infinito-secret", "us-east-1")
                        .withRetryFor(Duration.ofSeconds(30)));
    }

    @Test
    void everyNameIsRead() {
        assertThat(settings(Map.of(
                                "infinito.storage.endpoint", "https://s3.example.com",
                                "infinito.storage.bucket", "models",
                                "infinito.storage.access-key", "me",
                                "infinito.storage.secret-key", "hush",
                                "infinito.storage.region", "eu-west-1",
                                "infinito.storage.retry-for", "PT5S"))
                        .toConfig())
                .isEqualTo(new StorageConfig("https://s3.example.com", "models", "me", "hush", "eu-west-1")
                        .withRetryFor(Duration.ofSeconds(5)));
    }

    @Test
    void wrongValuesAreNamed() {
        assertThatThrownBy(() ->
                        settings(Map.of("infinito.storage.endpoint", "nowhere")).toConfig())
                .hasMessageContaining("infinito.storage.endpoint");
    }

    private static StorageSettings settings(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(properties, "test", 100))
                .withMapping(StorageSettings.class)
                .build()
                .getConfigMapping(StorageSettings.class);
    }
}
