package io.infinito.infer.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
    private static final int DRAWS = 40_000;
    private static final TokenHistory NOTHING = new TokenHistory(new int[0]);

    @ParameterizedTest(name = "temperature {0}, top-k {1}, top-p {2}")
    @CsvSource({
        "1, 0, 1",
        "0.5, 0, 1",
        "2, 0, 1",
        "1, 5, 1",
        "0.8, 50, 1",
        "1, 0, 0.7",
        "1, 0, 0.999",
        "1, 0, 0.01",
        "0.7, 6, 0.8",
        "1.3, 3, 0.5",
        "1, 2, 1",
        "1e-30, 0, 1",
        "1e30, 0, 0.9"
    })
    void drawsFollowTheExactProbabilities(double temperature, int topK, double topP) {
        float[] logits = logits(12, 7);
        double[] expected = exact(logits, temperature, topK, topP);
        Sampler sampler = new Sampler(new SamplingSettings(temperature, topK, topP, 1, 64), 42);
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits, NOTHING)]++;
        }
        for (int id = 0; id < logits.length; id++) {
            if (expected[id] == 0) {
                assertThat(counts[id]).as("token %d", id).isZero();
            }
            // Five standard deviations at most.
            double deviation = 5 * Math.sqrt(expected[id] * (1 - expected[id]) / DRAWS) + 1e-9;
            assertThat((double) counts[id] / DRAWS).as("token %d", id).isCloseTo(expected[id], within(deviation));
        }
    }

    @Test
    void largeVocabulariesGiveTheSameSetsAsSortingThem() {
        for (int seed = 0; seed < 20; seed++) {
            float[] logits = logits(5_000, seed);
            for (SamplingSettings settings : List.of(
                    new SamplingSettings(1, 40, 1, 1, 0),
                    new SamplingSettings(1, 0, 0.5, 1, 0),
                    new SamplingSettings(0.5, 200, 0.9, 1, 0))) {
                double[] expected = exact(logits, settings.temperature(), settings.topK(), settings.topP());
                Sampler sampler = new Sampler(settings, seed);
                for (int i = 0; i < 200; i++) {
                    int id = sampler.sample(logits, NOTHING);
                    assertThat(expected[id]).as("%s seed %d", settings, seed).isPositive();
                }
            }
        }
    }

    @Test
    void temperatureZeroTakesTheLikeliestAndOfEqualsTheFirst() {
        Sampler greedy = new Sampler(new SamplingSettings(0, 0, 1, 1, 0), 1);
        assertThat(greedy.sample(new float[] {1, 3, 2, 3}, NOTHING)).isEqualTo(1);
    }

    @Test
    void equalSeedsGiveEqualTokensAndOthersDiffer() {
        assertThat(tokens(5)).isEqualTo(tokens(5)).isNotEqualTo(tokens(6));
    }

    private static List<Integer> tokens(long seed) {
        Sampler sampler = new Sampler(SamplingSettings.DEFAULTS, seed);
        float[] logits = logits(100, 3);
        return IntStream.range(0, 50)
                .mapToObj(i -> sampler.sample(logits, NOTHING))
                .toList();
    }

    @Test
    void penaltyDividesWhatIsPositiveAndMultipliesWhatIsNegativeOnce() {
        float[] logits = {2, -2, 4, 1};
        TokenHistory history = new TokenHistory(new int[] {0, 0, 1, 0});
        new Sampler(new SamplingSettings(0, 0, 1, 2, 0), 1).sample(logits, history);
        assertThat(logits).containsExactly(1, -4, 4, 1);
    }

    @Test
    void penaltyLooksNoFurtherBackThanItsWindow() {
        float[] logits = {8, 7, 6};
        TokenHistory history = new TokenHistory(new int[] {0, 1, 2});
        assertThat(new Sampler(new SamplingSettings(0, 0, 1, 2, 2), 1).sample(logits, history))
                .isEqualTo(0);
        assertThat(logits).containsExactly(8, 3.5f, 3);
    }

    @Test
    void tokensThatAreImpossibleAreNeverDrawn() {
        float[] logits = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY, 0};
        Sampler sampler = new Sampler(new SamplingSettings(1, 0, 1, 1, 0), 1);
        for (int i = 0; i < 100; i++) {
            assertThat(sampler.sample(logits, NOTHING)).isIn(1, 3);
        }
    }

    @Test
    void logitsThatAreNoNumbersAreAnError() {
        Sampler sampler = new Sampler(SamplingSettings.DEFAULTS, 1);
        assertThatThrownBy(() -> sampler.sample(new float[] {1, Float.NaN}, NOTHING))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("token 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-0.5|50|1|1|64|sampling.temperature=-0.5 must be at least 0 and finite",
                "NaN|50|1|1|64|sampling.temperature=NaN must be at least 0 and finite",
                "Infinity|50|1|1|64|sampling.temperature=Infinity must be at least 0 and finite",
                "1|-1|1|1|64|sampling.top_k=-1 must be at least 0",
                "1|50|0|1|64|sampling.top_p=0 must be greater than 0 and at most 1",
                "1|50|1.1|1|64|sampling.top_p=1.1 must be greater than 0 and at most 1",
                "1|50|NaN|1|64|sampling.top_p=NaN must be greater than 0 and at most 1",
                "1|50|1|0|64|sampling.repetition_penalty=0 must be greater than 0 and finite",
                "1|50|1|NaN|64|sampling.repetition_penalty=NaN must be greater than 0 and finite",
                "1|50|1|1|-1|sampling.repetition_window=-1 must be at least 0"
            })
    void settingsOutsideTheirRangesNameTheField(
            double temperature, int topK, double topP, double penalty, int window, String message) {
        assertThatThrownBy(() -> new SamplingSettings(temperature, topK, topP, penalty, window))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private static float[] logits(int count, long seed) {
        Random random = new Random(seed);
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = (float) (2 * random.nextGaussian());
        }
        // Equal ones, as quantised models have them.
        logits[count / 2] = logits[count / 3];
        return logits;
    }

    /** By sorting, as the definitions say. */
    private static double[] exact(float[] logits, double temperature, int topK, double topP) {
        Integer[] order = IntStream.range(0, logits.length).boxed().toArray(Integer[]::new);
        Arrays.sort(
                order, Comparator.comparingDouble((Integer id) -> -logits[id]).thenComparing(id -> id));
        int kept = topK == 0 ? logits.length : Math.min(topK, logits.length);
        double[] weights = new double[kept];
        double sum = 0;
        for (int rank = 0; rank < kept; rank++) {
            weights[rank] = Math.exp(((double) logits[order[rank]] - logits[order[0]]) / temperature);
            sum += weights[rank];
        }
        double mass = 0;
        int nucleus = 0;
        while (nucleus < kept && (nucleus == 0 || mass < topP * sum)) {
            mass += weights[nucleus++];
        }
        double[] probabilities = new double[logits.length];
        for (int rank = 0; rank < nucleus; rank++) {
            probabilities[order[rank]] = weights[rank] / mass;
        }
        return probabilities;
    }
}
