package io.infinito.infer.sampling;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Microseconds to choose one token from logits of GPT-2's padded vocabulary.
 *
 * <pre>
 * mvn -q -Pbenchmarks -pl benchmarks -am package -DskipTests
 * java -jar benchmarks/target/benchmarks.jar SamplerBenchmark
 * </pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplerBenchmark {
    private static final int VOCABULARY = 50_304;
    /** So many rows that a branch predictor cannot learn them by heart. */
    private static final int ROWS = 32;

    private static final int HISTORY = 256;

    /** What is asked of the sampler. */
    @Param({"topK40TopP", "greedy", "penalized", "all", "topP", "minP", "typicalP", "logprobs"})
    public String settings;

    private final float[][] rows = new float[ROWS][VOCABULARY];
    private final TokenHistory history = new TokenHistory(new int[] {1, 2, 3});
    private Sampler sampler;
    private int next;

    /** Makes logits with the long tail of a trained model. */
    @Setup
    public void fill() {
        Random random = new Random(1);
        for (float[] row : rows) {
            for (int id = 0; id < VOCABULARY; id++) {
                row[id] = (float) (2.5 * random.nextGaussian() - 2 * Math.log(1 + random.nextInt(VOCABULARY)));
            }
        }
        for (int i = 0; i < HISTORY; i++) {
            history.append(random.nextInt(VOCABULARY));
        }
        sampler = new Sampler(
                switch (settings) {
                    case "topK40TopP" -> new SamplingSettings(0.8, 40, 0.95, 1, 64);
                    case "greedy", "logprobs" -> new SamplingSettings(0, 0, 1, 1, 64);
                    case "penalized" ->
                        new SamplingSettings(0.8, 40, 0.95, 0, 1, new Penalties(1.0001, 64, 0, 0.0001), Map.of());
                    case "all" -> new SamplingSettings(1, 0, 1, 1, 64);
                    case "topP" -> new SamplingSettings(1, 0, 0.95, 1, 64);
                    case "minP" -> new SamplingSettings(1, 0, 1, 0.05, 1, Penalties.NONE, Map.of());
                    case "typicalP" -> new SamplingSettings(1, 40, 1, 0, 0.9, Penalties.NONE, Map.of());
                    default -> throw new IllegalArgumentException("settings=" + settings);
                },
                1);
    }

    /** One token. */
    @Benchmark
    public Object sample() {
        next = (next + 1) % ROWS;
        int id = sampler.sample(rows[next], history);
        return settings.equals("logprobs") ? TokenLogprob.of(rows[next], id, 5) : id;
    }
}
