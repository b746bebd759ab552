package io.infinito.train.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.cuda.CudaUtils;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.GemmPeak;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.Precision;
import io.infinito.gpt.StepClock;
import io.infinito.gpt.StepClock.Phase;
import io.infinito.train.BatchLoader;
import io.infinito.train.SequenceOrder;
import io.infinito.train.TokenDropout;
import io.infinito.train.TrainStep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** {@code infinito bench train}, in a process of its own. */
public final class TrainingBenchmark {
    private static final int VOCABULARY = 50_257;
    private static final int TOKENS = 1 << 18;
    private static final double LEARNING_RATE = 6e-4;
    private static final int MEMORY_STEP = 100;
    /** More are not needed for a median. */
    private static final int PEAK_MEASUREMENTS = 25;

    private final BenchSettings settings;
    private final GptConfig config;
    private final List<Double> stepMillis = new ArrayList<>();
    private final Map<Phase, List<Double>> phaseMillis = new EnumMap<>(Phase.class);
    private final int[] nativeArrays = new int[2];
    private long residentBytesAtStep100;

    TrainingBenchmark(BenchSettings settings) {
        this.settings = settings;
        config = settings.preset().sizes().withVocabulary(VOCABULARY);
    }

    /** Exit codes: 0 measured, 2 wrong arguments. */
    public static void main(String[] arguments) throws IOException {
        BenchSettings settings;
        try {
            settings = BenchSettings.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("infinito bench train: " + e.getMessage());
            System.exit(2);
            return;
        }
        BenchResult result = new TrainingBenchmark(settings).run();
        result.lines().forEach(settings.json() ? System.err::println : System.out::println);
        if (settings.json()) {
            System.out.println(result.json());
        }
    }

    /** Trains, and measures a product of each shape between steps, so that both see the same machine. */
    BenchResult run() throws IOException {
        Engine engine = Engine.getEngine("PyTorch");
        Device device = engine.getGpuCount() > 0 ? Device.gpu() : Device.cpu();
        Precision precision = device.isGpu() ? Precision.BFLOAT16 : Precision.FLOAT32;
        int readBack = settings.readBack() > 0 ? settings.readBack() : TrainStep.usualReadBack(device);
        TokenFile tokens = RandomTokens.of(TOKENS, VOCABULARY);
        SequenceOrder sequences = new SequenceOrder(tokens, config.context(), 1);
        StepClock clock = new StepClock(System::nanoTime);
        Dropout dropout = new Dropout(settings.dropout(), 0, settings.dropout());
        AdamW.Settings adamW = new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1);
        try (NDManager manager = engine.newBaseManager(device);
                Gpt gpt = Gpt.compile(manager, config, dropout, precision);
                GptWeights weights = GptWeights.random(manager, config, 1);
                AdamW optimizer = new AdamW(manager, weights, adamW);
                GemmPeak peak = new GemmPeak(manager, config, precision, System::nanoTime);
                BatchLoader batches =
                        BatchLoader.of(manager, sequences, new TokenDropout(tokens, 0, 1), config.context());
                GradientGuard guard = new GradientGuard(manager, true, 0, GradientGuard.Seen.NOTHING, readBack);
                TrainStep steps =
                        new TrainStep(manager, gpt, weights, optimizer, batches, settings.batchSize(), guard, clock)) {
            long[] order = sequences.ofEpoch(0);
            int between = Math.max(1, settings.steps() / PEAK_MEASUREMENTS);
            int perStep = settings.batchSize() * settings.accumulationSteps();
            int measuredStep = -between;
            int step = 0;
            while (step < settings.warmupSteps() + settings.steps()) {
                if (step - measuredStep >= between) {
                    peak.measure();
                    measuredStep = step;
                }
                int end = step < settings.warmupSteps()
                        ? settings.warmupSteps()
                        : settings.warmupSteps() + settings.steps();
                int window = Math.min(readBack, end - step);
                long start = System.nanoTime();
                clock.start();
                for (int i = 0; i < window; i++) {
                    int first = order.length < perStep ? 0 : (step + i) * perStep % (order.length - perStep + 1);
                    steps.run(order, first, Math.min(order.length, first + perStep), step + i, LEARNING_RATE);
                }
                steps.read();
                count(
                        step,
                        window,
                        System.nanoTime() - start,
                        clock,
                        manager.getManagedArrays().size(),
                        peak);
                step += window;
            }
            return new BenchResult(
                    settings.preset().presetName(),
                    device.isGpu() ? "cuda" : "cpu",
                    device.isGpu() ? 0 : JniUtils.getNumThreads(),
                    config.parameterCount(),
                    perStep * config.context(),
                    median(stepMillis),
                    medians(),
                    config.trainingFlopsPerToken(),
                    peak.gigaflops(),
                    residentBytesAtStep100,
                    ResidentMemory.bytes(),
                    device.isGpu() ? CudaUtils.getGpuMemory(device).getUsed() : 0,
                    List.of(nativeArrays[0], nativeArrays[1]));
        }
    }

    /** Counts {@code window} steps that were read back together. */
    private void count(int step, int window, long nanos, StepClock clock, int arrays, GemmPeak peak) {
        if (step < MEMORY_STEP && step + window >= MEMORY_STEP) {
            residentBytesAtStep100 = ResidentMemory.bytes();
        }
        if (step < settings.warmupSteps()) {
            // The first products wake the threads.
            peak.restart();
            return;
        }
        if (step == settings.warmupSteps()) {
            nativeArrays[0] = arrays;
        }
        nativeArrays[1] = arrays;
        stepMillis.add(nanos / 1e6 / window);
        for (Phase phase : Phase.values()) {
            phaseMillis.computeIfAbsent(phase, p -> new ArrayList<>()).add(clock.nanos(phase) / 1e6 / window);
        }
    }

    private Map<Phase, Double> medians() {
        Map<Phase, Double> medians = new EnumMap<>(Phase.class);
        phaseMillis.forEach((phase, values) -> medians.put(phase, median(values)));
        return medians;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
