package io.infinito.infer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PlaceForecastTest {
    private final PlaceForecast forecast = new PlaceForecast();

    @Test
    void withoutExperienceItSaysASecond() {
        assertThat(forecast.until(5, 123)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void itIsTheMeanPauseOfLateTimesThePlaces() {
        for (int i = 0; i < 100; i++) {
            forecast.freed(seconds(i));
        }
        assertThat(forecast.until(1, seconds(100))).isEqualTo(Duration.ofSeconds(1));
        assertThat(forecast.until(4, seconds(100))).isEqualTo(Duration.ofSeconds(4));
        // It forgets: now one comes every half second.
        for (int i = 200; i < 300; i++) {
            forecast.freed(seconds(200) + seconds(i - 200) / 2);
        }
        assertThat(forecast.until(2, seconds(250))).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void itIsNeitherAMomentNorForEver() {
        forecast.freed(0);
        assertThat(forecast.until(1, 1000)).isEqualTo(Duration.ofMillis(100));
        assertThat(forecast.until(1_000_000, seconds(1_000_000))).isEqualTo(Duration.ofSeconds(30));
    }

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }
}
