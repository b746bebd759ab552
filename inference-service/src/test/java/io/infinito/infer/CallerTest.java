package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallerTest {
    @ParameterizedTest
    @CsvSource({"2H, PT2H", "90M, PT90M", "100S, PT100S", "99999999m, PT27H46M39.999S", "60000000u, PT1M"})
    void readsTimeoutsAsGrpcWritesThem(String header, Duration expected) {
        Deadline deadline = Caller.deadline(header);
        assertThat(deadline).isNotNull();
        assertThat(Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS)))
                .isBetween(expected.minusSeconds(30), expected);
    }

    @Test
    void aTimeoutOfNothingHasPassed() {
        assertThat(Caller.deadline("0n").isExpired()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "S", "-5S", "5 S", "5X", "123456789S"})
    void whatIsNoTimeoutIsNone(String header) {
        assertThat(Caller.deadline(header)).isNull();
        assertThat(Caller.deadline(null)).isNull();
    }
}
