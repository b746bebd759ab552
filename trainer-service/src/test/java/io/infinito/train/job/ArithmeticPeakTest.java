package io.infinito.train.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArithmeticPeakTest {
    private static final long MILLI = 1_000_000;

    private long nanos;
    private long costNanos = 10 * MILLI;
    private double speed = 100;
    private int measurements;

    private final ArithmeticPeak peak = new ArithmeticPeak(this::measure, () -> nanos);

    private double measure() {
        measurements++;
        nanos += costNanos;
        if (Double.isNaN(speed)) {
            throw new IllegalStateException("as where a device has no memory left");
        }
        return speed;
    }

    @Test
    void aPeakOfABusyStartIsCorrectedBySoonMeasuringAgain() {
        assertThat(peak.flopsPerSecond()).isEqualTo(100);
        speed = 180;
        peak.measureNowAndThen();
        assertThat(peak.flopsPerSecond()).isEqualTo(100);
        nanos += 2_000 * MILLI;
        peak.measureNowAndThen();
        assertThat(peak.flopsPerSecond()).isEqualTo(180);
    }

    @Test
    void busyMomentsDoNotLowerIt() {
        speed = 20;
        steps(30);
        assertThat(peak.flopsPerSecond()).isEqualTo(100);
    }

    @Test
    void aMachineThatStaysBusyHasALowerPeakInTheEnd() {
        speed = 20;
        steps(60);
        assertThat(peak.flopsPerSecond()).isEqualTo(20);
    }

    @Test
    void measuringTakesHalfAPercentOfTheTimeAtMost() {
        costNanos = 300 * MILLI;
        long startNanos = nanos;
        int before = measurements;
        while (measurements < before + 20) {
            peak.measureNowAndThen();
            nanos += 50 * MILLI;
        }
        double share = (double) (measurements - before) * costNanos / (nanos - startNanos);
        assertThat(share).isLessThan(0.006);
    }

    @Test
    void aMeasurementThatFailsIsTheLast() {
        speed = Double.NaN;
        nanos += 2_000 * MILLI;
        int before = measurements;
        peak.measureNowAndThen();
        nanos += 2_000 * MILLI;
        peak.measureNowAndThen();
        assertThat(measurements).isEqualTo(before + 1);
        assertThat(peak.flopsPerSecond()).isEqualTo(100);
    }

    @Test
    void whereNothingCanBeMeasuredThereIsNoPeak() {
        speed = Double.NaN;
        assertThat(new ArithmeticPeak(this::measure, () -> nanos).flopsPerSecond())
                .isZero();
    }

    /** Until so many measurements were made. */
    private void steps(int count) {
        int end = measurements + count;
        while (measurements < end) {
            nanos += 100 * MILLI;
            peak.measureNowAndThen();
        }
    }
}
