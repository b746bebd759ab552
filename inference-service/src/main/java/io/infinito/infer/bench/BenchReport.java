package io.infinito.infer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What was measured.
 *
 * @param model its name
 * @param parameters of the network
 * @param threads of one operation
 * @param bytesPerSecond that memory was read with
 * @param formats one after the other
 */
record BenchReport(String model, long parameters, int threads, double bytesPerSecond, List<FormatFigures> formats) {
    /** For people. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(line(
                "%s, %.1fM parameters, %d threads, memory read at %.1f GB/s",
                model, parameters / 1e6, threads, bytesPerSecond / 1e9));
        lines.add(
                "format  streams  tokens/s  of floor  first token  token p50        p99    longest  sampling  scheduling");
        for (FormatFigures figures : formats) {
            for (StreamFigures streams : figures.streams()) {
                lines.add(line(
                        "%-6s  %7d  %8.0f  %6.0f %%  %8.1f ms  %6.2f ms  %6.2f ms  %6.1f ms  %6.1f %%  %8.1f %%",
                        name(figures),
                        streams.streams(),
                        streams.tokensPerSecond(),
                        100 * figures.ofFloor(streams),
                        streams.firstTokenMillis(),
                        streams.tokenMillisP50(),
                        streams.tokenMillisP99(),
                        streams.tokenMillisLongest(),
                        100 * streams.sampling(),
                        100 * streams.scheduling()));
            }
            lines.add(line(
                    "%-6s  loaded in %.0f ms%s",
                    name(figures),
                    figures.loadMillis(),
                    figures.perplexity().isPresent()
                            ? line(", perplexity %.3f", figures.perplexity().getAsDouble())
                            : ""));
        }
        return lines;
    }

    private static String name(FormatFigures figures) {
        return figures.format().name().toLowerCase(Locale.ROOT);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /** For programs. */
    String json() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("model", model).put("parameters", parameters).put("threads", threads);
        node.put("memoryBytesPerSecond", bytesPerSecond);
        for (FormatFigures figures : formats) {
            ObjectNode format = node.withArray("formats").addObject();
            format.put("format", name(figures)).put("loadMillis", figures.loadMillis());
            format.put("floorTokensPerSecond", figures.floorTokensPerSecond());
            figures.perplexity().ifPresent(perplexity -> format.put("perplexity", perplexity));
            for (StreamFigures streams : figures.streams()) {
                format.withArray("streams")
                        .addObject()
                        .put("streams", streams.streams())
                        .put("tokensPerSecond", streams.tokensPerSecond())
                        .put("ofFloor", figures.ofFloor(streams))
                        .put("firstTokenMillis", streams.firstTokenMillis())
                        .put("tokenMillisP50", streams.tokenMillisP50())
                        .put("tokenMillisP99", streams.tokenMillisP99())
                        .put("tokenMillisLongest", streams.tokenMillisLongest())
                        .put("sampling", streams.sampling())
                        .put("scheduling", streams.scheduling());
            }
        }
        return node.toString();
    }
}
