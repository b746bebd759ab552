package io.infinito.standalone.datasets;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A line that changes: drawn over itself in a terminal; elsewhere a line of its own every few seconds, and none of what is quick. */
public final class LiveLine {
    private static final String ERASE = "\r\033[K";
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final PrintStream out;
    private final boolean terminal;
    private final int columns;
    private final LongSupplier nanoTime;
    private long next;
    private boolean shown;

    /**
     * A line that is not shown yet.
     *
     * @param terminal whether the output can move its cursor
     * @param columns of the terminal; longer lines are cut
     * @param nanoTime a clock
     */
    public LiveLine(PrintStream out, boolean terminal, int columns, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
        this.nanoTime = nanoTime;
        this.next = nanoTime.getAsLong() + INTERVAL_NANOS;
    }

    /** Shows the line as it is now. */
    public void show(String line) {
        if (terminal) {
            out.print(ERASE + (line.length() < columns ? line : line.substring(0, Math.max(0, columns - 1))));
            out.flush();
            shown = true;
        } else if (nanoTime.getAsLong() - next >= 0) {
            out.println(line);
            out.flush();
            next = nanoTime.getAsLong() + INTERVAL_NANOS;
        }
    }

    /** Takes the line away, for what comes in its place. */
    public void end() {
        if (shown) {
            out.print(ERASE);
            out.flush();
            shown = false;
        }
    }
}
