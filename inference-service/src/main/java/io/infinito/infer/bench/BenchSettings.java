package io.infinito.infer.bench;

import io.infinito.gpt.GptPreset;
import io.infinito.infer.model.FormatChoice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What is measured.
 *
 * @param preset of a network with random weights
 * @param model a directory with config.json, model.safetensors and tokenizer.json, in place of the preset
 * @param formats in which matrices are kept, one after the other; empty: all that the device has
 * @param streams how many sequences are generated at once, one measurement each
 * @param promptTokens of each sequence
 * @param tokens that are generated of each sequence
 * @param threads of one operation; 0: the service's default
 * @param text whose perplexity is measured in each format
 * @param textTokens of it
 * @param json whether the last line is a JSON document and nothing else goes to standard output
 */
record BenchSettings(
        GptPreset preset,
        Optional<Path> model,
        List<FormatChoice> formats,
        List<Integer> streams,
        int promptTokens,
        int tokens,
        int threads,
        Optional<Path> text,
        int textTokens,
        boolean json) {
    private static final Set<String> NAMES = Set.of(
            "--preset",
            "--model",
            "--formats",
            "--streams",
            "--prompt-tokens",
            "--tokens",
            "--threads",
            "--text",
            "--text-tokens",
            "--json");

    /** @throws IllegalArgumentException naming the option that is out of its range */
    BenchSettings {
        streams.forEach(count -> atLeast("--streams", count, 1));
        atLeast("--prompt-tokens", promptTokens, 1);
        atLeast("--tokens", tokens, 2);
        atLeast("--threads", threads, 0);
        atLeast("--text-tokens", textTokens, 2);
        if (text.isPresent() && model.isEmpty()) {
            throw new IllegalArgumentException(
                    "--text needs --model: random weights say nothing of a format's quality");
        }
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
            String[] parts = argument.split("=", 2);
            values.put(parts[0], parts.length == 1 ? "true" : parts[1]);
        }
        Set<String> unknown = new HashSet<>(values.keySet());
        unknown.removeAll(NAMES);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("unknown arguments " + unknown);
        }
        return new BenchSettings(
                GptPreset.named("--preset", values.getOrDefault("--preset", "gpt-45m")),
                Optional.ofNullable(values.get("--model")).map(Path::of),
                values.containsKey("--formats")
                        ? list(
                                values,
                                "--formats",
                                "",
                                "fp32, fp16, int8, mixed, bf16 or auto",
                                name -> FormatChoice.valueOf(name.toUpperCase(Locale.ROOT)))
                        : List.of(),
                list(values, "--streams", "1,16", "whole numbers", Integer::valueOf),
                number(values, "--prompt-tokens", 32),
                number(values, "--tokens", 128),
                number(values, "--threads", 0),
                Optional.ofNullable(values.get("--text")).map(Path::of),
                number(values, "--text-tokens", 16_384),
                Boolean.parseBoolean(values.getOrDefault("--json", "false")));
    }

    private static int number(Map<String, String> values, String option, int fallback) {
        return list(values, option, String.valueOf(fallback), "a whole number", Integer::valueOf)
                .get(0);
    }

    private static <T> List<T> list(
            Map<String, String> values, String option, String fallback, String expected, Function<String, T> reader) {
        String value = values.getOrDefault(option, fallback);
        try {
            return Arrays.stream(value.split(",")).map(String::trim).map(reader).toList();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + "=" + value + " must be " + expected, e);
        }
    }
}
