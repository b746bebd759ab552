package io.infinito.infer.engine;

import java.time.Duration;

/** When places will be free, judged by how fast they became free of late. Guarded by its owner's lock. */
public final class PlaceForecast {
    private static final int REMEMBERED = 32;
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    /** Where nothing has ended yet. */
    private static final Duration UNKNOWN = Duration.ofSeconds(1);

    private final long[] freedNanos = new long[REMEMBERED];
    private int count;

    /**
     * A place became free.
     *
     * @param nanos now, by {@link System#nanoTime}
     */
    public void freed(long nanos) {
        freedNanos[count++ % REMEMBERED] = nanos;
        if (count == 2 * REMEMBERED) {
            count = REMEMBERED;
        }
    }

    /**
     * How long it may take until so many more are free; from a tenth of a second to half a minute, since neither a client that hammers nor
     * one that sleeps through the quiet is wanted.
     *
     * @param places that are wanted, at least 1
     * @param nanos now, by {@link System#nanoTime}
     */
    public Duration until(int places, long nanos) {
        int known = Math.min(count, REMEMBERED);
        if (known == 0) {
            return UNKNOWN;
        }
        long oldest = freedNanos[count < REMEMBERED ? 0 : count % REMEMBERED];
        // A pause since the last one makes the mean longer, as it should.
        double mean = (double) (nanos - oldest) / known;
        double wanted = Math.min(mean * places, LONGEST.toNanos());
        return Duration.ofNanos(Math.max((long) wanted, SHORTEST.toNanos()));
    }
}
