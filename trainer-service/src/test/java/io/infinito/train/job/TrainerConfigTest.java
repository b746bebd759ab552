package io.infinito.train.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainerConfigTest {
    @Test
    void defaultsAreThoseOfTheDocuments() {
        TrainerConfig config = config(Map.of());
        assertThat(config.device()).isEqualTo("auto");
        assertThat(config.workFolder()).isEqualTo(Path.of("tmp", "infinito-trainer"));
        assertThat(config.statusInterval()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.takeoverAfter()).isEqualTo(Duration.ofSeconds(20));
        assertThat(config.readBackEvery()).isZero();
        assertThat(config.maxDeathsInARow()).isEqualTo(5);
        assertThat(config.startupTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(config.stallAfter()).isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void everyNameIsRead() {
        TrainerConfig config = config(Map.of(
                "infinito.trainer.device", "cpu",
                "infinito.trainer.work-folder", "somewhere",
                "infinito.trainer.status-interval", "5s",
                "infinito.trainer.takeover-after", "1m",
                "infinito.trainer.read-back-every", "7",
                "infinito.trainer.max-deaths-in-a-row", "3",
                "infinito.trainer.startup-timeout", "10s",
                "infinito.trainer.stall-after", "1h"));
        assertThat(config.device()).isEqualTo("cpu");
        assertThat(config.workFolder()).isEqualTo(Path.of("somewhere"));
        assertThat(config.statusInterval()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.takeoverAfter()).isEqualTo(Duration.ofMinutes(1));
        assertThat(config.readBackEvery()).isEqualTo(7);
        assertThat(config.maxDeathsInARow()).isEqualTo(3);
        assertThat(config.startupTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.stallAfter()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void settingsOutOfTheirRangeAreNamed() {
        assertThatThrownBy(() -> RunSettings.of(config(Map.of("infinito.trainer.device", "tpu"))))
                .hasMessage("infinito.trainer.device=tpu must be auto, cpu or cuda");
        assertThatThrownBy(() -> RunSettings.of(config(Map.of("infinito.trainer.read-back-every", "-1"))))
                .hasMessage("infinito.trainer.read-back-every=-1 must be 0 to 10000");
        assertThatThrownBy(() -> RunSettings.of(config(Map.of("infinito.trainer.max-deaths-in-a-row", "-1"))))
                .hasMessage("infinito.trainer.max-deaths-in-a-row=-1 must be at least 0");
    }

    private static TrainerConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(Map.of("java.io.tmpdir", "tmp"), "system", 400))
                .withSources(new PropertiesConfigSource(properties, "test", 1_000))
                .withMapping(TrainerConfig.class)
                .build()
                .getConfigMapping(TrainerConfig.class);
    }
}
