package io.infinito.infer.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
        "100, 0, 0.9"
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
                "-0.5|50|1|1|64|sampling.temperature=-0.5 must be from 0 to 100",
                "NaN|50|1|1|64|sampling.temperature=NaN must be from 0 to 100",
                "Infinity|50|1|1|64|sampling.temperature=Infinity must be from 0 to 100",
                "100.5|50|1|1|64|sampling.temperature=100.5 must be from 0 to 100",
                "1|-1|1|1|64|sampling.top_k=-1 must be from 0 to 1000000",
                "1|1000001|1|1|64|sampling.top_k=1000001 must be from 0 to 1000000",
                "1|50|0|1|64|sampling.top_p=0 must be greater than 0 and at most 1",
                "1|50|1.1|1|64|sampling.top_p=1.1 must be greater than 0 and at most 1",
                "1|50|NaN|1|64|sampling.top_p=NaN must be greater than 0 and at most 1",
                "1|50|1|0|64|sampling.repetition_penalty=0 must be greater than 0 and at most 100",
                "1|50|1|NaN|64|sampling.repetition_penalty=NaN must be greater than 0 and at most 100",
                "1|50|1|101|64|sampling.repetition_penalty=101 must be greater than 0 and at most 100",
                "1|50|1|1|-1|sampling.repetition_window=-1 must be from 0 to 1000000",
                "1|50|1|1|1000001|sampling.repetition_window=1000001 must be from 0 to 1000000"
            })
    void settingsOutsideTheirRangesNameTheField(
            double temperature, int topK, double topP, double penalty, int window, String message) {
        assertThatThrownBy(() -> new SamplingSettings(temperature, topK, topP, penalty, window))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void biasComesFirstThenRepetitionThenFrequencyAndPresence() {
        SamplingSettings settings =
                new SamplingSettings(0, 0, 1, 0, 1, new Penalties(2, 0, 0.5, 0.25), Map.of(2, -3f, 3, 1f));
        TokenHistory history = new TokenHistory(new int[] {0});
        history.append(1);
        history.append(2);
        history.append(2);
        float[] logits = {4, 4, 4, 4};
        new Sampler(settings, 1).sample(logits, history);
        // 0 is of the prompt: presence and frequency do not look there. 2: (4 - 3) / 2 - 2 * 0.25 - 0.5
        assertThat(logits).containsExactly(2, 1.25f, -0.5f, 5);
    }

    @Test
    void penaltiesFollowAHistoryThatGrows() {
        Sampler sampler = new Sampler(new SamplingSettings(0, 0, 1, 0, 1, new Penalties(1, 0, 0, 1), Map.of()), 1);
        TokenHistory history = new TokenHistory(new int[] {0});
        for (int times = 0; times < 40; times++) {
            float[] logits = {0, 0};
            sampler.sample(logits, history);
            assertThat(logits).containsExactly(0, -times);
            history.append(1);
        }
    }

    @ParameterizedTest(name = "top-k {0}, top-p {1}, min-p {2}")
    @CsvSource({"0, 1, 0.2", "0, 0.9, 0.05", "5, 1, 0.3", "8, 0.8, 0.1", "0, 1, 1"})
    void minPKeepsAShareOfTheLikeliestBeforeTopKAndTopP(int topK, double topP, double minP) {
        float[] logits = logits(12, 7);
        float largest = logits[Candidates.argMax(logits)];
        float[] cut = logits.clone();
        for (int id = 0; id < cut.length; id++) {
            if (Math.exp(cut[id] - largest) < minP) {
                cut[id] = Float.NEGATIVE_INFINITY;
            }
        }
        double[] expected = exact(cut, 1, topK, topP);
        assertDrawsFollow(expected, new SamplingSettings(1, topK, topP, minP, 1, Penalties.NONE, Map.of()), logits);
    }

    @ParameterizedTest(name = "top-k {0}, typical-p {1}")
    @CsvSource({"0, 0.2", "0, 0.7", "6, 0.5", "0, 0.95"})
    void typicalPKeepsWhatIsNearestToTheEntropy(int topK, double typicalP) {
        float[] logits = logits(12, 7);
        double[] p = exact(logits, 1, topK, 1);
        double entropy = 0;
        for (double share : p) {
            entropy -= share > 0 ? share * Math.log(share) : 0;
        }
        double h = entropy;
        Integer[] order = IntStream.range(0, p.length)
                .filter(id -> p[id] > 0)
                .boxed()
                .sorted(Comparator.comparingDouble(id -> Math.abs(-Math.log(p[id]) - h)))
                .toArray(Integer[]::new);
        double[] expected = new double[p.length];
        double mass = 0;
        for (int i = 0; i < order.length && mass < typicalP; i++) {
            expected[order[i]] = p[order[i]];
            mass += p[order[i]];
        }
        for (int id = 0; id < expected.length; id++) {
            expected[id] /= mass;
        }
        assertDrawsFollow(expected, new SamplingSettings(1, topK, 1, 0, typicalP, Penalties.NONE, Map.of()), logits);
    }

    private static void assertDrawsFollow(double[] expected, SamplingSettings settings, float[] logits) {
        Sampler sampler = new Sampler(settings, 42);
        int[] counts = new int[logits.length];
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.sample(logits, NOTHING)]++;
        }
        for (int id = 0; id < logits.length; id++) {
            if (expected[id] == 0) {
                assertThat(counts[id]).as("token %d", id).isZero();
            }
            double deviation = 5 * Math.sqrt(expected[id] * (1 - expected[id]) / DRAWS) + 1e-9;
            assertThat((double) counts[id] / DRAWS).as("token %d", id).isCloseTo(expected[id], within(deviation));
        }
    }

    @Test
    void theExponentialIsExactToTwelveDigits() {
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            double x = -Math.exp(random.nextDouble() * 16 - 9);
            double expected = x < -700 ? 0 : StrictMath.exp(x);
            assertThat(Exponential.of(x)).as("e^%s", x).isCloseTo(expected, within(1e-12 * expected));
        }
        assertThat(Exponential.of(0)).isEqualTo(1);
        assertThat(Exponential.of(Double.NEGATIVE_INFINITY)).isZero();
    }

    @ParameterizedTest(name = "{0} tokens, temperature {1}")
    @CsvSource({"1, 1", "3, 1", "129, 0.5", "1000, 1", "50257, 1", "50257, 20", "50257, 0.05", "4, 1e-38", "4, 1e38"})
    void theMassOfAVocabularyIsThatOfItsExponentials(int vocabulary, double temperature) {
        float[] logits = logits(vocabulary, 11);
        if (vocabulary > 1) {
            logits[1] = Float.NEGATIVE_INFINITY;
        }
        int likeliest = Candidates.argMax(logits);
        double[] shares = new double[vocabulary];
        double sum = 0;
        for (int id = 0; id < vocabulary; id++) {
            shares[id] = id == likeliest ? 1 : Math.exp(((double) logits[id] - logits[likeliest]) / temperature);
            sum += shares[id];
        }
        BlockedMass mass = new BlockedMass(temperature);
        assertThat(mass.add(logits, logits[likeliest])).isCloseTo(sum, within(3e-6 * sum));
        // A token is found at the middle of its share, wherever it stands.
        double before = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (shares[id] / sum > 1e-4) {
                assertThat(mass.at(logits, (before + shares[id] / 2) / sum)).isEqualTo(id);
            }
            before += shares[id];
        }
        assertThat(logits[mass.at(logits, Math.nextDown(1.0))]).isFinite();
    }

    @Test
    void anInfiniteLogitIsAlwaysDrawn() {
        float[] logits = {1, Float.POSITIVE_INFINITY, 2};
        for (SamplingSettings settings : List.of(
                new SamplingSettings(1, 0, 1, 1, 0),
                new SamplingSettings(1, 0, 0.5, 1, 0),
                new SamplingSettings(1, 2, 1, 1, 0))) {
            assertThat(new Sampler(settings, 3).sample(logits, NOTHING)).isEqualTo(1);
        }
    }

    @Test
    void logprobsAreOfTheWholeDistribution() {
        float[] logits = {1, 3, 2, 3};
        double sum = Math.exp(1) + 2 * Math.exp(3) + Math.exp(2);
        TokenLogprob logprob = TokenLogprob.of(logits, 2, 2);
        assertThat((double) logprob.logprob()).isCloseTo(2 - Math.log(sum), within(1e-6));
        assertThat(logprob.rank()).isEqualTo(3);
        assertThat(logprob.top()).extracting(TokenLogprob::id).containsExactly(1, 3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NaN|1|1|0|0|0|sampling.min_p=NaN must be from 0 to 1",
                "1.1|1|1|0|0|0|sampling.min_p=1.1 must be from 0 to 1",
                "0|0|1|0|0|0|sampling.typical_p=0 must be greater than 0 and at most 1",
                "0|NaN|1|0|0|0|sampling.typical_p=NaN must be greater than 0 and at most 1",
                "0|1|1|NaN|0|0|sampling.presence_penalty=NaN must be from -2 to 2",
                "0|1|1|2.1|0|0|sampling.presence_penalty=2.1 must be from -2 to 2",
                "0|1|1|0|-2.1|0|sampling.frequency_penalty=-2.1 must be from -2 to 2",
                "0|1|1|0|0|101|sampling.logit_bias[7]=101 must be from -100 to 100",
                "0|1|1|0|0|NaN|sampling.logit_bias[7]=NaN must be from -100 to 100"
            })
    void rarerSettingsOutsideTheirRangesNameTheField(
            double minP,
            double typicalP,
            double repetition,
            double presence,
            double frequency,
            float bias,
            String message) {
        assertThatThrownBy(() -> new SamplingSettings(
                        1, 0, 1, minP, typicalP, new Penalties(repetition, 0, presence, frequency), Map.of(7, bias)))
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
