package io.infinito.standalone.jobs;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them, the same in every locale. */
public final class Figures {
    private Figures() {}

    /** {@code 0:42}, {@code 12:03} or {@code 1:02:03}. */
    public static String duration(double seconds) {
        if (!Double.isFinite(seconds) || seconds < 0) {
            return "-";
        }
        Duration time = Duration.ofSeconds(Math.round(seconds));
        return time.toHours() > 0
                ? "%d:%02d:%02d".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart())
                : "%d:%02d".formatted(time.toMinutes(), time.toSecondsPart());
    }

    /** Four decimals. */
    public static String loss(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
    }

    /** Two decimals, fewer digits when it is large. */
    public static String perplexity(double value) {
        if (!Double.isFinite(value)) {
            return "-";
        }
        return value < 100_000 ? String.format(Locale.ROOT, "%.2f", value) : String.format(Locale.ROOT, "%.2e", value);
    }

    /** Scientific with two decimals. */
    public static String rate(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }

    /** With separators. */
    public static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** Whole, with separators. */
    public static String count(double value) {
        return count(Math.round(value));
    }
}
