package io.infinito.train.bench;

import io.infinito.gpt.Dropout;
import io.infinito.train.Preset;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What is measured.
 *
 * @param preset of the network's sizes
 * @param batchSize sequences in a micro-batch
 * @param accumulationSteps micro-batches in a step
 * @param warmupSteps that are not counted
 * @param steps that are counted
 * @param dropout of embeddings and residuals
 * @param readBack steps that are read back together; 0: as many as training does on the device
 * @param json whether the last line is a JSON document and nothing else goes to standard output
 */
record BenchSettings(
        Preset preset,
        int batchSize,
        int accumulationSteps,
        int warmupSteps,
        int steps,
        double dropout,
        int readBack,
        boolean json) {

    private static final int DEFAULT_STEPS = 20;
    private static final int DEFAULT_WARMUP = 3;

    /** @throws IllegalArgumentException naming the field that is out of its range */
    BenchSettings {
        atLeast("--batch", batchSize, 1);
        atLeast("--accumulation", accumulationSteps, 1);
        atLeast("--warmup", warmupSteps, 0);
        atLeast("--steps", steps, 1);
        atLeast("--read-back", readBack, 0);
        // Names the field that does not fit.
        new Dropout(dropout, 0, dropout);
    }

    private static void atLeast(String option, int value, int minimum) {
        if (value < minimum) {
            throw new IllegalArgumentException(option + "=" + value + " must be at least " + minimum);
        }
    }

    /**
     * Reads arguments of the form {@code --name=value}, and {@code --json}.
     *
     * @throws IllegalArgumentException naming the argument that is unknown or cannot be read
     */
    static BenchSettings parse(String... arguments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            values.put(
                    equals < 0 ? argument : argument.substring(0, equals),
                    equals < 0 ? "true" : argument.substring(equals + 1));
        }
        Set<String> unknown = new HashSet<>(values.keySet());
        unknown.removeAll(Set.of(
                "--preset", "--batch", "--accumulation", "--warmup", "--steps", "--dropout", "--read-back", "--json"));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("unknown arguments " + unknown);
        }
        Preset preset = Preset.named(values.getOrDefault("--preset", "gpt-45m"));
        return new BenchSettings(
                preset,
                number(values, "--batch", preset.batchSize()),
                number(values, "--accumulation", 1),
                number(values, "--warmup", DEFAULT_WARMUP),
                number(values, "--steps", DEFAULT_STEPS),
                decimal(values.getOrDefault("--dropout", "0")),
                number(values, "--read-back", 0),
                Boolean.parseBoolean(values.getOrDefault("--json", "false")));
    }

    private static int number(Map<String, String> values, String option, int fallback) {
        String value = values.get(option);
        try {
            return value == null ? fallback : Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + "=" + value + " must be a whole number", e);
        }
    }

    private static double decimal(String value) {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--dropout=" + value + " must be a number", e);
        }
    }
}
