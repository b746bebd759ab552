package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.infer.engine.EngineLimits;
import io.infinito.infer.engine.Stopping;
import io.infinito.infer.model.DeviceChoice;
import io.infinito.infer.model.FormatChoice;
import io.infinito.infer.model.ServedAlias;
import io.infinito.infer.sampling.Penalties;
import io.infinito.infer.sampling.SamplingSettings;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InferenceConfigTest {
    @Test
    void defaultsAreThoseOfTheContract() {
        InferenceConfig config = config(Map.of());
        assertThat(config.modelName()).isEqualTo("default");
        assertThat(config.device()).isEqualTo(DeviceChoice.AUTO);
        assertThat(config.threads()).isZero();
        assertThat(config.format()).isEqualTo(FormatChoice.AUTO);
        assertThat(config.limits())
                .isEqualTo(new EngineLimits(16, 64, 32, Duration.ofMillis(50), Duration.ofSeconds(30)));
        assertThat(config.requestDefaults())
                .isEqualTo(new RequestDefaults(SamplingSettings.DEFAULTS, Stopping.DEFAULT_MAX_NEW_TOKENS, 4096, 16));
        assertThat(config.cacheDirectory()).isEqualTo(Path.of("tmp", "infinito-inference"));
        assertThat(config.checkedPollInterval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.checkedDrainTimeout()).isEqualTo(Duration.ofSeconds(20));
        assertThat(config.served()).containsExactly(ServedAlias.BEST);
    }

    @Test
    void everyNameIsRead() {
        InferenceConfig config = config(Map.ofEntries(
                Map.entry("infinito.inference.model", "tales"),
                Map.entry("infinito.inference.device", "cpu"),
                Map.entry("infinito.inference.threads", "3"),
                Map.entry("infinito.inference.max-running", "1"),
                Map.entry("infinito.inference.max-waiting", "0"),
                Map.entry("infinito.inference.max-waiting-per-client", "1"),
                Map.entry("infinito.inference.prefill-budget", "20ms"),
                Map.entry("infinito.inference.format", "fp32"),
                Map.entry("infinito.inference.slow-reader-timeout", "5s"),
                Map.entry("infinito.inference.max-new-tokens", "100"),
                Map.entry("infinito.inference.cache-directory", "somewhere"),
                Map.entry("infinito.inference.poll-interval", "1m"),
                Map.entry("infinito.inference.max-sequences", "3"),
                Map.entry("infinito.inference.drain-timeout", "0s"),
                Map.entry("infinito.inference.serve-last", "true"),
                Map.entry("infinito.inference.sampling.min-p", "0.1"),
                Map.entry("infinito.inference.sampling.typical-p", "0.5"),
                Map.entry("infinito.inference.sampling.presence-penalty", "1"),
                Map.entry("infinito.inference.sampling.frequency-penalty", "-1"),
                Map.entry("infinito.inference.sampling.temperature", "0"),
                Map.entry("infinito.inference.sampling.top-k", "0"),
                Map.entry("infinito.inference.sampling.top-p", "0.9"),
                Map.entry("infinito.inference.sampling.repetition-penalty", "1.1"),
                Map.entry("infinito.inference.sampling.repetition-window", "0"),
                Map.entry("infinito.inference.sampling.max-new-tokens", "20")));
        assertThat(config.modelName()).isEqualTo("tales");
        assertThat(config.device()).isEqualTo(DeviceChoice.CPU);
        assertThat(config.threads()).isEqualTo(3);
        assertThat(config.format()).isEqualTo(FormatChoice.FP32);
        assertThat(config.limits()).isEqualTo(new EngineLimits(1, 0, 1, Duration.ofMillis(20), Duration.ofSeconds(5)));
        assertThat(config.requestDefaults())
                .isEqualTo(new RequestDefaults(
                        new SamplingSettings(0, 0, 0.9, 0.1, 0.5, new Penalties(1.1, 0, 1, -1), Map.of()), 20, 100, 3));
        assertThat(config.checkedDrainTimeout()).isZero();
        assertThat(config.served()).containsExactly(ServedAlias.BEST, ServedAlias.LAST);
        assertThat(config.cacheDirectory()).isEqualTo(Path.of("somewhere"));
        assertThat(config.checkedPollInterval()).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void valuesThatCannotBeAreNamed() {
        assertThatThrownBy(() ->
                        config(Map.of("infinito.inference.model", "../other")).modelName())
                .hasMessageContaining("infinito.inference.model='../other'");
        assertThatThrownBy(() ->
                        config(Map.of("infinito.inference.max-running", "0")).limits())
                .hasMessageContaining("infinito.inference.max-running=0 must be at least 1");
        assertThatThrownBy(() -> config(Map.of("infinito.inference.max-new-tokens", "64"))
                        .requestDefaults())
                .hasMessageContaining("infinito.inference.sampling.max-new-tokens=128 must be from 1 to");
        assertThatThrownBy(() ->
                        config(Map.of("infinito.inference.poll-interval", "0s")).checkedPollInterval())
                .hasMessageContaining("infinito.inference.poll-interval=PT0S");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sampling.temperature|101|must be from 0 to 100",
                "sampling.top-k|1000001|must be from 0 to 1000000",
                "sampling.top-p|0.0|must be greater than 0 and at most 1",
                "sampling.repetition-penalty|100.5|must be greater than 0 and at most 100",
                "sampling.repetition-window|-1|must be from 0 to 1000000",
                "sampling.presence-penalty|3|must be from -2 to 2",
                "sampling.max-new-tokens|0|must be from 1 to infinito.inference.max-new-tokens=4096",
                "max-sequences|0|must be at least 1",
                "drain-timeout|PT-1S|must be at least 0"
            })
    void whatIsWrongEndsTheStart(String name, String value, String expected) {
        InferenceConfig config = config(Map.of("infinito.inference." + name, value));
        assertThatThrownBy(() -> new InferenceApplication(config, "nowhere:1", Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("infinito.inference." + name + "=" + value.replace(".0", "") + " " + expected);
    }

    private static InferenceConfig config(Map<String, String> properties) {
        return mapped(properties).getConfigMapping(InferenceConfig.class);
    }

    private static SmallRyeConfig mapped(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withConverter(Duration.class, 200, new DurationConverter())
                // Not the system's properties: tests of the whole service leave theirs there.
                .withSources(new PropertiesConfigSource(Map.of("java.io.tmpdir", "tmp"), "system", 400))
                .withSources(new PropertiesConfigSource(properties, "test", 1_000))
                .withMapping(InferenceConfig.class)
                .build();
    }
}
