package io.infinito.train.job;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * What the device can do at most, measured again and again while a job runs: a machine that is busy for a while has a low peak just then,
 * and a share of that would be too high. The figure is the highest of the last measurements. One that fails is the last: a figure is no
 * reason to end a job.
 */
final class ArithmeticPeak {
    private static final Logger LOG = Logger.getLogger(ArithmeticPeak.class);
    /** At the start, of which the first wakes the threads. */
    private static final int FIRST_MEASUREMENTS = 4;
    /** Minutes of measurements, so that what a machine could do once does not count for ever. */
    private static final int KEPT = 60;
    /** So many times as long as it took nothing is measured after a measurement: it costs half a percent of the time at most. */
    private static final int REST = 200;

    private static final long LEAST_REST_NANOS = 2_000_000_000;

    private final DoubleSupplier measurement;
    private final LongSupplier nanoTime;
    private final Deque<Double> latest = new ArrayDeque<>();
    private long nextNanos;
    private boolean failed;

    /**
     * Measures a few times.
     *
     * @param measurement takes a few milliseconds and returns operations a second
     * @param nanoTime as {@link System#nanoTime}
     */
    ArithmeticPeak(DoubleSupplier measurement, LongSupplier nanoTime) {
        this.measurement = measurement;
        this.nanoTime = nanoTime;
        for (int i = 0; i < FIRST_MEASUREMENTS && !failed; i++) {
            measure();
        }
    }

    /** Measures if it is time for it. To be called when the device has nothing to do. */
    void measureNowAndThen() {
        if (!failed && nanoTime.getAsLong() - nextNanos >= 0) {
            measure();
        }
    }

    private void measure() {
        long start = nanoTime.getAsLong();
        try {
            latest.addLast(measurement.getAsDouble());
        } catch (RuntimeException | OutOfMemoryError e) {
            failed = true;
            LOG.warn("the arithmetic peak is not measured any more in this attempt", e);
            return;
        }
        if (latest.size() > KEPT) {
            latest.removeFirst();
        }
        long end = nanoTime.getAsLong();
        nextNanos = end + Math.max(LEAST_REST_NANOS, REST * (end - start));
    }

    /** Operations a second; 0 where not even the first measurement went well. */
    double flopsPerSecond() {
        return latest.isEmpty() ? 0 : Collections.max(latest);
    }
}
