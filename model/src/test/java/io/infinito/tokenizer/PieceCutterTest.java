package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        for (int i = 0; i < 300; i++) {
            String text = RandomText.of(random, 1 + random.nextInt(120));
            int target = 1 + random.nextInt(40);
            List<String> pieces = cut(text, target, target + 10_000, text.length());
            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(idsOf(pieces)).as(text).containsExactly(GPT2.encode(text));
        }
    }

    @ParameterizedTest(name = "{0} characters at a time")
    @ValueSource(ints = {1, 2, 7, 100})
    void cutsTheSamePiecesHoweverTheTextArrives(int atATime) {
        for (int seed = 0; seed < 20; seed++) {
            String text = RandomText.of(new Random(seed), 400);
            assertThat(cut(text, 30, 10_000, atATime)).isEqualTo(cut(text, 30, 10_000, text.length()));
        }
    }

    @ParameterizedTest(name = "target {0}, maximum {1}")
    @CsvSource({"1, 400", "10, 410", "100, 500", "100, 150"})
    void keepsToTheSizes(int target, int maximum) {
        String text = "один two\n三,四 five 六。七 8!\t".repeat(200);
        List<String> pieces = cut(text, target, maximum, 50);
        assertThat(String.join("", pieces)).isEqualTo(text);
        assertThat(pieces.subList(0, pieces.size() - 1))
                .allSatisfy(piece -> assertThat(piece.getBytes(StandardCharsets.UTF_8).length)
                        .isBetween(target, maximum));
        assertThat(idsOf(pieces)).containsExactly(GPT2.encode(text));
    }

    @Test
    void prefersASpaceBetweenLetters() {
        assertThat(cut("one, two three four", 4, 20, 100)).containsExactly("one, two", " three", " four");
        assertThat(cut("a1 b2 c3 d e f", 6, 20, 100)).containsExactly("a1 b2 c3 d", " e f");
    }

    @Test
    void takesTheNextBestPlaceWhereThereIsNoneInSight() {
        assertThat(cut("1234\n5678 90ab", 4, 20, 100)).containsExactly("1234", "\n5678", " 90ab");
        assertThat(cut("abcdefgh,ijklmnop", 4, 20, 3)).containsExactly("abcdefgh", ",ijklmnop");
        assertThat(cut("日本語。日本語。日本語", 9, 40, 2)).containsExactly("日本語", "。日本語", "。日本語");
        assertThat(cut("", 4, 20, 100)).isEmpty();
        assertThat(cut("a  b", 1, 20, 100)).containsExactly("a", "  b");
    }

    @Test
    void cutsNeitherAWordNorARunOfSpacesNorAContraction() {
        assertThat(cut("abcdefgh", 2, 8, 3)).containsExactly("abcdefgh");
        assertThat(cut("        ", 2, 8, 3)).containsExactly("        ");
        assertThat(cut("a\u00a0 b", 1, 8, 3)).containsExactly("a\u00a0 b");
        assertThat(cut("we'll", 1, 8, 3)).containsExactly("we'll");
    }

    @Test
    void neverDividesTheEndOfText() {
        for (int target = 1; target < 20; target++) {
            String text = "ab<|endoftext|>cd".repeat(10);
            List<String> pieces = cut(text, target, 100, 3);
            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(idsOf(pieces)).containsExactly(GPT2.encode(text));
        }
    }

    @Test
    void refusesATextThatHasNoPlaceToCut() {
        assertThatThrownBy(() -> cut("one " + "x".repeat(50), 8, 20, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "no place to cut from byte 8 to byte 20", "\"one xxxxxxxxxxxxxxxx\"", "at most 20");
        assertThat(cut("x".repeat(20) + " end", 4, 20, 3)).containsExactly("x".repeat(20), " end");
    }

    @Test
    void goesOnAfterTheEndOfOneText() {
        List<String> pieces = new ArrayList<>();
        PieceCutter cutter = new PieceCutter(4, 20, pieces::add);
        for (int i = 0; i < 2; i++) {
            cutter.append("one two three");
            cutter.finish();
        }
        assertThat(pieces).containsExactly("one two", " three", "one two", " three");
    }

    @Test
    void takesLongTextsInLinearTime() {
        String text = "word ".repeat(400_000);
        List<String> pieces = cut(text, 1_000, 2_000, text.length());
        assertThat(pieces).hasSize(2_000);
        assertThat(cut("x y".repeat(500_000), 10, 1 << 20, 1 << 20)).hasSizeGreaterThan(100_000);
    }

    @Test
    void refusesSizesThatAllowNoPiece() {
        assertThatThrownBy(() -> new PieceCutter(0, 4, piece -> {})).hasMessageContaining("targetBytes 0");
        assertThatThrownBy(() -> new PieceCutter(5, 4, piece -> {})).hasMessageContaining("maximumBytes 4");
    }

    private static int[] idsOf(List<String> pieces) {
        return pieces.stream().map(GPT2::encode).flatMapToInt(Arrays::stream).toArray();
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
