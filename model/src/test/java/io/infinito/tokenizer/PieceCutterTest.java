package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PieceCutterTest {
    private static final Tokenizer GPT2 = Tokenizer.gpt2();

    @AfterAll
    static void close() {
        GPT2.close();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void leavesTheIdsOfAnyTextAsTheyAre(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
            String text = RandomText.of(random, 1 + random.nextInt(120));
            List<String> pieces = cut(text, 1 + random.nextInt(40), 10_000, text.length());
            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(pieces.stream()
                            .map(GPT2::encode)
                            .flatMapToInt(Arrays::stream)
                            .toArray())
                    .as(text)
                    .containsExactly(GPT2.encode(text));
        }
    }

    @ParameterizedTest(name = "{0} characters at a time")
    @ValueSource(ints = {1, 2, 7, 100})
    void cutsTheSamePiecesHoweverTheTextArrives(int atATime) {
        String text = RandomText.of(new Random(9), 400);
        assertThat(cut(text, 30, 10_000, atATime)).isEqualTo(cut(text, 30, 10_000, text.length()));
    }

    @Test
    void cutsAtTheFirstPlaceFromTheTargetOn() {
        assertThat(cut("one two three\n\nfour", 4, 20, 100)).containsExactly("one two", " three", "\n\nfour");
        assertThat(cut("", 4, 20, 100)).isEmpty();
        assertThat(cut("a  b", 1, 20, 100)).containsExactly("a", "  b");
    }

    @Test
    void cutsNeitherAWordNorARunOfSpaces() {
        assertThat(cut("abcdefgh", 2, 8, 3)).containsExactly("abcdefgh");
        assertThat(cut("        ", 2, 8, 3)).containsExactly("        ");
        assertThat(cut("a\u00a0 b", 1, 8, 3)).containsExactly("a\u00a0 b");
    }

    @Test
    void refusesATextThatHasNoPlaceToCut() {
        assertThatThrownBy(() -> cut("one " + "x".repeat(50), 4, 20, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no space or line end for 16 characters after character");
        assertThat(cut("x".repeat(20) + " end", 4, 20, 3)).containsExactly("x".repeat(20), " end");
    }

    @Test
    void refusesLengthsThatAllowNoPiece() {
        assertThatThrownBy(() -> new PieceCutter(0, 4, piece -> {})).hasMessageContaining("targetLength 0");
        assertThatThrownBy(() -> new PieceCutter(5, 4, piece -> {})).hasMessageContaining("maximumLength 4");
    }

    private static List<String> cut(String text, int target, int maximum, int atATime) {
        List<String> pieces = new ArrayList<>();
        PieceCutter cutter = new PieceCutter(target, maximum, pieces::add);
        for (int from = 0; from < text.length(); from += atATime) {
            cutter.append(text.substring(from, Math.min(text.length(), from + atATime)));
        }
        cutter.finish();
        return pieces;
    }
}
