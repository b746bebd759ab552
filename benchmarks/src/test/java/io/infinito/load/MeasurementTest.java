package io.infinito.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MeasurementTest {
    private static final long MILLI = 1_000_000;
    /** As {@link System#nanoTime} may be, it overflows during the measurement. */
    private static final long FROM = Long.MAX_VALUE - 5 * MILLI;

    private final Measurement measurement = new Measurement(FROM, Duration.ofSeconds(2));

    @Test
    void quantilesAreOfWhatWasMeasured() {
        // Neither sorted nor few: 1 to 5000 ms, from both ends.
        for (int i = 1; i <= 2_500; i++) {
            measurement.firstToken(at(i), i * MILLI);
            measurement.firstToken(at(i), (5_001 - i) * MILLI);
        }
        assertThat(measurement.firstTokenMillis(0)).isEqualTo(1);
        assertThat(measurement.firstTokenMillis(0.5)).isEqualTo(2_501);
        assertThat(measurement.firstTokenMillis(0.99)).isEqualTo(4_950);
        assertThat(measurement.firstTokenMillis(1)).isEqualTo(5_000);
        assertThat(measurement.tokenMillis(0.5)).isNaN();
    }

    @Test
    void tokensOfOneMessageShareThePauseBeforeIt() {
        measurement.tokens(at(0), 1, 0);
        assertThat(measurement.tokenMillis(0.5))
                .as("the first has none before it")
                .isNaN();
        measurement.tokens(at(12 * MILLI), 3, 12 * MILLI);
        measurement.tokens(at(22 * MILLI), 1, 10 * MILLI);
        assertThat(measurement.tokenMillis(0)).isEqualTo(4);
        assertThat(measurement.tokenMillis(0.5)).isEqualTo(4);
        assertThat(measurement.tokenMillis(1)).isEqualTo(10);
        assertThat(measurement.tokensPerSecond()).isEqualTo(2.5);
    }

    @Test
    void endsAreCountedByTheirKind() {
        measurement.ended(at(0), Status.Code.OK);
        measurement.ended(at(1), Status.Code.OK);
        measurement.ended(at(2), Status.Code.RESOURCE_EXHAUSTED);
        measurement.ended(at(3), Status.Code.INTERNAL);
        measurement.ended(at(4), Status.Code.UNAVAILABLE);
        measurement.ended(at(5), Status.Code.CANCELLED);
        assertThat(measurement.finished()).isEqualTo(2);
        assertThat(measurement.refused()).isEqualTo(1);
        assertThat(measurement.failed()).isEqualTo(3);
    }

    @Test
    void whatIsBeforeOrAfterIsPassedOver() {
        assertThat(measurement.until()).isEqualTo(at(2_000 * MILLI));
        for (long now : new long[] {at(-1), measurement.until(), measurement.until() + MILLI}) {
            measurement.firstToken(now, MILLI);
            measurement.tokens(now, 5, MILLI);
            measurement.ended(now, Status.Code.OK);
        }
        assertThat(measurement.tokensPerSecond()).isZero();
        assertThat(measurement.firstTokenMillis(0.5)).isNaN();
        assertThat(measurement.tokenMillis(0.5)).isNaN();
        assertThat(measurement.finished()).isZero();
        measurement.tokens(measurement.until() - 1, 5, MILLI);
        assertThat(measurement.tokensPerSecond()).isEqualTo(2.5);
    }

    private static long at(long nanos) {
        return FROM + nanos;
    }
}
