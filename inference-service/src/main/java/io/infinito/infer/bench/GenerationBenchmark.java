package io.infinito.infer.bench;

import io.infinito.infer.model.DeviceChoice;
import io.infinito.infer.model.FormatChoice;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.Torch;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/** {@code infinito bench generate}, in a process of its own. */
public final class GenerationBenchmark {
    /** Sequences before those that count: the first ones compile Java and fault memory in. */
    private static final int WARMUP_ROUNDS = 2;

    private final BenchSettings settings;

    GenerationBenchmark(BenchSettings settings) {
        this.settings = settings;
    }

    /** Exit codes: 0 measured, 2 wrong arguments. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        BenchSettings settings;
        try {
            settings = BenchSettings.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("infinito bench generate: " + e.getMessage());
            System.exit(2);
            return;
        }
        BenchReport report = new GenerationBenchmark(settings).run();
        report.lines().forEach(settings.json() ? System.err::println : System.out::println);
        if (settings.json()) {
            System.out.println(report.json());
        }
    }

    BenchReport run() throws IOException, InterruptedException {
        Torch first = torch(FormatChoice.AUTO);
        // Only then is libtorch sure to be loaded.
        first.newManager().close();
        Torch.prepareThread();
        BenchModel model = settings.model().isPresent()
                ? BenchModel.of(settings.model().get())
                : BenchModel.random(settings.preset().presetName(), settings.preset()::config);
        int[] text = text(model);
        MemoryBandwidth bandwidth = new MemoryBandwidth(first);
        List<FormatFigures> formats = new ArrayList<>();
        for (FormatChoice format : settings.formats().isEmpty() ? first.formats() : settings.formats()) {
            bandwidth.measure();
            formats.add(measure(model, torch(format), text, bandwidth));
        }
        return new BenchReport(
                model.name(), model.config().parameterCount(), first.threads(), bandwidth.bytesPerSecond(), formats);
    }

    private Torch torch(FormatChoice format) {
        return new Torch(DeviceChoice.AUTO, settings.threads(), format);
    }

    private int[] text(BenchModel model) throws IOException {
        if (settings.text().isEmpty()) {
            return new int[0];
        }
        try (Tokenizer tokenizer = Tokenizer.fromJson(model.tokenizerJson())) {
            int[] ids = tokenizer.encode(Files.readString(settings.text().get()));
            return Arrays.copyOf(ids, Math.min(ids.length, settings.textTokens()));
        }
    }

    private FormatFigures measure(BenchModel source, Torch torch, int[] text, MemoryBandwidth bandwidth)
            throws InterruptedException {
        long start = System.nanoTime();
        LoadedModel model = source.load(
                torch, Streams.limits(Collections.max(settings.streams())).caches());
        double loadMillis = (System.nanoTime() - start) / 1e6;
        try {
            Streams streams = new Streams(model, settings.promptTokens(), settings.tokens());
            for (int round = 0; round < WARMUP_ROUNDS; round++) {
                streams.measure(1);
            }
            List<StreamFigures> figures = new ArrayList<>();
            for (int count : settings.streams()) {
                figures.add(streams.measure(count));
            }
            OptionalDouble perplexity = text.length == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(DecodingThread.call(torch, () -> Perplexity.of(model, text)));
            return new FormatFigures(
                    model.format(),
                    loadMillis,
                    bandwidth.bytesPerSecond() / model.format().bytes(model.config()),
                    perplexity,
                    figures);
        } finally {
            model.release();
        }
    }
}
