package io.infinito.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What is asked of a service, and for how long.
 *
 * @param target host and port of its gRPC server
 * @param prompt of every request
 * @param tokens that every request asks for
 * @param concurrency how many streams are kept open, one measurement each
 * @param rates requests a second that arrive by chance, one measurement each
 * @param duration of each measurement
 * @param warmUp before each, not counted
 * @param seed of arrivals and of sampling
 * @param json one JSON object a line instead of tables
 */
public record LoadOptions(
        String target,
        String prompt,
        int tokens,
        List<Integer> concurrency,
        List<Double> rates,
        Duration duration,
        Duration warmUp,
        long seed,
        boolean json) {
    /** What the program says when it is asked wrongly. */
    static final String USAGE = """
        Usage: java -cp benchmarks/target/benchmarks.jar io.infinito.load.LoadGenerator [options]
          --target HOST:PORT    gRPC of inference-service (localhost:9000)
          --prompt TEXT         of every request (Once upon a time)
          --tokens N            that every request asks for (64)
          --concurrency A,B,... streams that are kept open, a measurement each (1,2,4,8,16,32); empty: none
          --rates A,B,...       requests a second, arriving by chance, a measurement each (none)
          --seconds N           that each measurement lasts (10)
          --warm-up N           seconds before each that are not counted (2)
          --seed N              of arrivals and of sampling (1)
          --json                one JSON object a measurement\
        """;

    /** A day. */
    private static final int LONGEST_SECONDS = 86_400;

    private static final Set<String> NAMES = Set.of(
            "--target",
            "--prompt",
            "--tokens",
            "--concurrency",
            "--rates",
            "--seconds",
            "--warm-up",
            "--seed",
            "--json");

    /** Checks every value. */
    public LoadOptions {
        require(tokens >= 1, "--tokens", tokens, "at least 1");
        for (int streams : concurrency) {
            require(streams >= 1, "--concurrency", streams, "at least 1");
        }
        for (double rate : rates) {
            require(rate > 0 && Double.isFinite(rate), "--rates", rate, "greater than 0 and finite");
        }
        require(duration.toMillis() > 0, "--seconds", duration, "longer than 0");
        require(!warmUp.isNegative(), "--warm-up", warmUp, "at least 0");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + " " + value + " must be " + expected);
        }
    }

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if a name is unknown or a value is none
     */
    static LoadOptions parse(String... args) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            String name = args[i];
            if (name.equals("--help")) {
                throw new IllegalArgumentException("Load on a running inference-service.");
            }
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException(name + " is not one of " + new TreeSet<>(NAMES));
            }
            if (name.equals("--json")) {
                given.put(name, "");
            } else if (++i < args.length) {
                given.put(name, args[i]);
            } else {
                throw new IllegalArgumentException(name + " needs a value");
            }
        }
        return new LoadOptions(
                given.getOrDefault("--target", "localhost:9000"),
                given.getOrDefault("--prompt", "Once upon a time"),
                number("--tokens", given.getOrDefault("--tokens", "64"), Integer::valueOf),
                list("--concurrency", given.getOrDefault("--concurrency", "1,2,4,8,16,32"), Integer::valueOf),
                list("--rates", given.getOrDefault("--rates", ""), Double::valueOf),
                seconds("--seconds", given.getOrDefault("--seconds", "10")),
                seconds("--warm-up", given.getOrDefault("--warm-up", "2")),
                number("--seed", given.getOrDefault("--seed", "1"), Long::valueOf),
                given.containsKey("--json"));
    }

    private static <T> List<T> list(String name, String values, Function<String, T> parser) {
        List<T> numbers = new ArrayList<>();
        for (String value : values.isBlank() ? new String[0] : values.trim().split("\\s*,\\s*", -1)) {
            numbers.add(number(name, value, parser));
        }
        return numbers;
    }

    private static Duration seconds(String name, String value) {
        double seconds = number(name, value, Double::valueOf);
        require(Math.abs(seconds) <= LONGEST_SECONDS, name, value, "at most " + LONGEST_SECONDS);
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    private static <T> T number(String name, String value, Function<String, T> parser) {
        try {
            return parser.apply(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " '" + value + "' must be a number", e);
        }
    }
}
