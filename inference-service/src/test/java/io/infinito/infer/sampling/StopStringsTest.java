package io.infinito.infer.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StopStringsTest {
    @Test
    void aStopStringThatSpansPiecesIsNeverShown() {
        StopStrings stops = new StopStrings(List.of("END."), false);
        assertThat(stops.append("The E")).isEqualTo("The ");
        assertThat(stops.append("N")).isEmpty();
        assertThat(stops.append("D. More")).isEmpty();
        assertThat(stops.matched()).contains("END.");
        assertThat(stops.append("and more")).isEmpty();
        assertThat(stops.flush()).isEmpty();
    }

    @Test
    void whatTurnsOutToBeNoStopStringIsShown() {
        StopStrings stops = new StopStrings(List.of("END."), false);
        assertThat(stops.append("EN")).isEmpty();
        assertThat(stops.append("EMY")).isEqualTo("ENEMY");
        assertThat(stops.append(" E")).isEqualTo(" ");
        assertThat(stops.flush()).isEqualTo("E");
        assertThat(stops.matched()).isEmpty();
    }

    @Test
    void theOneThatIsCompleteFirstCounts() {
        StopStrings stops = new StopStrings(List.of("abcd", "bc"), false);
        assertThat(stops.append("xabcd")).isEqualTo("xa");
        assertThat(stops.matched()).contains("bc");
    }

    @Test
    void anIncludedStopStringIsShownAndNothingAfterIt() {
        StopStrings stops = new StopStrings(List.of("END."), true);
        assertThat(stops.append("The E")).isEqualTo("The ");
        assertThat(stops.append("ND. More")).isEqualTo("END.");
        assertThat(stops.matched()).contains("END.");
    }

    /** Few letters make matches, overlaps and near misses frequent. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void anySplitGivesWhatASearchInTheWholeTextGives(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            String text = random(random, random.nextInt(40));
            List<String> wanted = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                wanted.add(random(random, 1 + random.nextInt(5)));
            }
            Naive naive = Naive.search(text, wanted);
            StopStrings stops = new StopStrings(wanted, false);
            StringBuilder shown = new StringBuilder();
            for (int from = 0; from < text.length(); ) {
                int to = Math.min(text.length(), from + random.nextInt(5));
                shown.append(stops.append(text.substring(from, to)));
                assertThat(naive.shown()).as("%s in pieces of %s", wanted, text).startsWith(shown);
                from = to;
            }
            shown.append(stops.flush());
            assertThat(shown.toString()).as("%s in %s", wanted, text).isEqualTo(naive.shown());
            assertThat(stops.matched()).as("%s in %s", wanted, text).isEqualTo(naive.matched());
        }
    }

    private static String random(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(3)));
        }
        return text.toString();
    }

    private record Naive(String shown, Optional<String> matched) {
        static Naive search(String text, List<String> stops) {
            for (int end = 1; end <= text.length(); end++) {
                for (int start = 0; start < end; start++) {
                    String piece = text.substring(start, end);
                    if (stops.contains(piece)) {
                        return new Naive(text.substring(0, start), Optional.of(piece));
                    }
                }
            }
            return new Naive(text, Optional.empty());
        }
    }
}
