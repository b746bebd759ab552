package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.ingest.source.SourceSettings;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DatasetConfigTest {
    @Test
    void hasDefaultsForSources() {
        SourceSettings settings = config(Map.of()).sources();
        assertThat(settings.hub().baseUrl()).isEqualTo(URI.create("https://huggingface.co"));
        assertThat(settings.hub().token()).isEmpty();
        assertThat(settings.hub().timeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(settings.hub().retryFor()).isEqualTo(Duration.ofMinutes(2));
        assertThat(settings.cacheFolder().toString()).contains("infinito");
    }

    @Test
    void readsWhatIsSaidOfSources() {
        SourceSettings settings = config(Map.of(
                        "infinito.dataset.cache-folder", "some/cache",
                        "infinito.dataset.hub.base-url", "http://mirror:8080/hub",
                        "infinito.dataset.hub.token", "secret",
                        "infinito.dataset.hub.timeout", "PT5S",
                        "infinito.dataset.hub.retry-for", "PT0S"))
                .sources();
        assertThat(settings.cacheFolder()).isEqualTo(Path.of("some/cache"));
        assertThat(settings.hub().baseUrl()).isEqualTo(URI.create("http://mirror:8080/hub"));
        assertThat(settings.hub().token()).contains("secret");
        assertThat(settings.hub().timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(settings.hub().retryFor()).isZero();
        assertThat(settings.toString()).doesNotContain("secret");
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> config(Map.of("infinito.dataset.hub.base-url", "huggingface.co"))
                        .sources())
                .hasMessageContaining("infinito.dataset.hub.base-url must be an address");
        assertThatThrownBy(() -> config(Map.of("infinito.dataset.hub.retry-for", "-PT1S"))
                        .sources())
                .hasMessageContaining("infinito.dataset.hub.retry-for must be 0 or more");
    }

    private static DatasetConfig config(Map<String, String> values) {
        return new SmallRyeConfigBuilder()
                .withMapping(DatasetConfig.class)
                .withDefaultValues(values)
                .build()
                .getConfigMapping(DatasetConfig.class);
    }
}
