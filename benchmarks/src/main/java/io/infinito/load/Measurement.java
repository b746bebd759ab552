package io.infinito.load;

import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** What happened between two moments, told by many streams at once. */
final class Measurement {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final long from;
    private final long until;
    private final Map<Status.Code, Integer> ends = new TreeMap<>();
    private final Samples firstTokens = new Samples();
    private final Samples tokenPauses = new Samples();
    private long tokens;

    /** From {@code from} to {@code until}, by {@link System#nanoTime}; what happens before or after is passed over. */
    Measurement(long from, Duration duration) {
        this.from = from;
        this.until = from + duration.toNanos();
    }

    long until() {
        return until;
    }

    private boolean counts(long now) {
        return now - from >= 0 && now - until < 0;
    }

    synchronized void firstToken(long now, long nanosSinceArrival) {
        if (counts(now)) {
            firstTokens.add(nanosSinceArrival);
        }
    }

    /** Tokens that came with one message; empty time means that they were the first. */
    synchronized void tokens(long now, int count, long nanosSinceLast) {
        if (!counts(now)) {
            return;
        }
        tokens += count;
        for (int i = 0; i < count && nanosSinceLast > 0; i++) {
            tokenPauses.add(nanosSinceLast / count);
        }
    }

    synchronized void ended(long now, Status.Code code) {
        if (counts(now)) {
            ends.merge(code, 1, Integer::sum);
        }
    }

    /** Calls that ended well in this time. */
    synchronized int finished() {
        return ends.getOrDefault(Status.Code.OK, 0);
    }

    /** Calls that were told to come again. */
    synchronized int refused() {
        return ends.getOrDefault(Status.Code.RESOURCE_EXHAUSTED, 0);
    }

    /** Calls that ended in any other way. */
    synchronized int failed() {
        return ends.values().stream().mapToInt(n -> n).sum() - finished() - refused();
    }

    synchronized double tokensPerSecond() {
        return tokens * NANOS_PER_SECOND / (until - from);
    }

    /** Milliseconds from the arrival to the first token; NaN if there was none. */
    synchronized double firstTokenMillis(double quantile) {
        return firstTokens.quantile(quantile) / NANOS_PER_MILLI;
    }

    /** Milliseconds from a token to the next; NaN if there was none. */
    synchronized double tokenMillis(double quantile) {
        return tokenPauses.quantile(quantile) / NANOS_PER_MILLI;
    }

    /** Nanoseconds in the order in which they came. */
    private static final class Samples {
        private long[] values = new long[1024];
        private int size;

        void add(long value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
            }
            values[size++] = value;
        }

        double quantile(double quantile) {
            if (size == 0) {
                return Double.NaN;
            }
            long[] sorted = Arrays.copyOf(values, size);
            Arrays.sort(sorted);
            return sorted[(int) Math.min(size - 1L, Math.round(quantile * (size - 1)))];
        }
    }
}
