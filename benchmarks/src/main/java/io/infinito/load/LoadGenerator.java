package io.infinito.load;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Measures a running inference-service over gRPC: tokens a second against the number of open streams, up to saturation, and latencies
 * while requests arrive at a steady rate.
 *
 * <pre>
 * mvn -q -Pbenchmarks -pl benchmarks -am package -DskipTests
 * java -cp benchmarks/target/benchmarks.jar io.infinito.load.LoadGenerator --target localhost:9000 --rates 1,2,4
 * </pre>
 */
public final class LoadGenerator {
    private static final String COLUMNS = "%12s %9s %9s %9s %9s %10s %10s %10s %10s%n";

    private final PrintStream out;
    private final boolean json;

    /** Writes to {@code out}: tables, or one JSON object a line. */
    LoadGenerator(PrintStream out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** Runs every measurement that the arguments ask for. */
    public static void main(String[] args) throws InterruptedException {
        LoadOptions options;
        try {
            options = LoadOptions.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println(LoadOptions.USAGE);
            System.exit(2);
            return;
        }
        new LoadGenerator(System.out, options.json()).run(options);
    }

    /** One measurement after the other. */
    void run(LoadOptions options) throws InterruptedException {
        try (Load load = new Load(options)) {
            header("open streams");
            for (int streams : options.concurrency()) {
                row("streams", streams, load.keepOpen(streams));
            }
            if (!options.rates().isEmpty()) {
                header("requests/s");
            }
            for (double rate : options.rates()) {
                row("rate", rate, load.arrive(rate));
            }
        }
    }

    private void header(String load) {
        if (!json) {
            out.printf(
                    COLUMNS,
                    load,
                    "tokens/s",
                    "finished",
                    "refused",
                    "failed",
                    "first p50",
                    "first p99",
                    "token p50",
                    "token p99");
        }
    }

    private void row(String name, double load, Measurement m) {
        if (json) {
            out.printf(
                    Locale.ROOT,
                    "{\"%s\":%s,\"tokensPerSecond\":%.1f,\"finished\":%d,\"refused\":%d,\"failed\":%d,"
                            + "\"firstTokenMillis\":{\"p50\":%s,\"p99\":%s},\"tokenMillis\":{\"p50\":%s,\"p99\":%s}}%n",
                    name,
                    number(load),
                    m.tokensPerSecond(),
                    m.finished(),
                    m.refused(),
                    m.failed(),
                    number(m.firstTokenMillis(0.5)),
                    number(m.firstTokenMillis(0.99)),
                    number(m.tokenMillis(0.5)),
                    number(m.tokenMillis(0.99)));
        } else {
            out.printf(
                    COLUMNS,
                    number(load),
                    "%.1f".formatted(m.tokensPerSecond()),
                    m.finished(),
                    m.refused(),
                    m.failed(),
                    millis(m.firstTokenMillis(0.5)),
                    millis(m.firstTokenMillis(0.99)),
                    millis(m.tokenMillis(0.5)),
                    millis(m.tokenMillis(0.99)));
        }
        out.flush();
    }

    private static String millis(double value) {
        return Double.isNaN(value) ? "-" : "%.2f ms".formatted(value);
    }

    /** JSON knows no NaN. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "null";
        }
        return value == Math.rint(value) ? String.valueOf((long) value) : String.format(Locale.ROOT, "%.3f", value);
    }
}
