package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The encoder against HuggingFace's library, text by text. {@code -Dinfinito.random-texts=50000} takes so many texts for each seed, and
 * {@code -Dinfinito.all-code-points=true} every code point of Unicode.
 */
class Gpt2EncoderTest {
    private static final int TEXTS = Integer.getInteger("infinito.random-texts", 500);
    private static final Tokenizer GPT2 = Tokenizer.gpt2();
    private static final Gpt2Encoder ENCODER = new Gpt2Encoder();

    @AfterAll
    static void close() {
        GPT2.close();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void givesTheIdsOfTheTokenizerForTheTextAndForItsPieces(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < TEXTS; i++) {
            String text = RandomText.ofAll(random, 1 + random.nextInt(60));
            int[] expected = GPT2.encode(text);
            assertThat(ENCODER.encode(text)).as(text).isEqualTo(expected);
            List<String> pieces = new ArrayList<>();
            PieceCutter cutter = new PieceCutter(1 + random.nextInt(40), 100_000, pieces::add);
            text.codePoints().forEach(codePoint -> cutter.append(Character.toString(codePoint)));
            cutter.finish();
            assertThat(pieces.stream()
                            .map(ENCODER::encode)
                            .flatMapToInt(Arrays::stream)
                            .toArray())
                    .as("pieces %s", pieces)
                    .isEqualTo(expected);
        }
    }

    @Test
    void putsEveryCodePointIntoTheSameClass() {
        boolean all = Boolean.getBoolean("infinito.all-code-points");
        StringBuilder text = new StringBuilder();
        byte before = -1;
        int last = -2;
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
            byte kind = CharacterClass.of(codePoint);
            if (!surrogate && (all || kind != before)) {
                // The last of one range and the first of the next.
                for (int one = all || last == codePoint - 1 ? codePoint : codePoint - 1; one <= codePoint; one++) {
                    if (one >= 0 && (one < Character.MIN_SURROGATE || one > Character.MAX_SURROGATE)) {
                        String character = Character.toString(one);
                        text.append(String.join(character, "a", "b ", "1", "2\n", "!", "?'s"));
                    }
                }
                last = codePoint;
            }
            before = kind;
            if (text.length() > 4_000 || codePoint == Character.MAX_CODE_POINT) {
                assertThat(ENCODER.encode(text.toString()))
                        .as("up to U+%04X", codePoint)
                        .isEqualTo(GPT2.encode(text.toString()));
                text.setLength(0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "\n",
                "'",
                "a",
                "<|endoftext|>",
                "a<|endoftext|> b <|endoftext|><|endoftext|>",
                "<|endoftext",
                "<<|endoftext|>>|endoftext|>",
                "  <|endoftext|>  ",
                "'<|endoftext|>s",
                "don't DON'T we'll they've I'd 'tis ''s 's 'l 'r 'v",
                "a  b   c \n d\r\n\te\u00a0\u00a0f \u3000g\u2028\u2028h ",
                "fifteen letters: uncopyrightable, sixteen: acknowledgements, uncharacteristically",
                "naïve ASCII at the end of sixteen byteé and then more",
                "٠١٢٣ ०१२ 𝟘𝟙 Ⅷ ½ ² 1٢3",
                "日本語のテキスト、句読点。한국어 ไทย עברית",
                "\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud83c\uddea\ud83c\uddfa e\u0301\u0301"
            })
    void givesTheIdsOfTheTokenizer(String text) {
        assertThat(ENCODER.encode(text)).isEqualTo(GPT2.encode(text));
    }

    @Test
    void encodesVeryLongWordsWithoutTakingTheSquareOfTheTime() {
        Random random = new Random(7);
        String letters = random.ints(30_000, 'a', 'f')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        for (String text : List.of(
                "x" + "ab".repeat(20_000) + " end",
                letters,
                "a".repeat(50_000),
                " ".repeat(50_000) + "a",
                "日".repeat(9_000))) {
            assertThat(ENCODER.encode(text)).isEqualTo(GPT2.encode(text));
        }
        assertThat(Vocabulary.gpt2().decode(ENCODER.encode(letters.repeat(10)))).isEqualTo(letters.repeat(10));
    }

    @Test
    void mergesWordsOfEveryLengthAlike() {
        Random random = new Random(8);
        for (int length = 1; length < 2 * WordMerger.LONG_WORD; length++) {
            for (int alphabet : new int[] {1, 2, 26}) {
                String word = random.ints(length, 'a', 'a' + alphabet)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
                assertThat(ENCODER.encode(word)).as(word).isEqualTo(GPT2.encode(word));
                assertThat(ENCODER.encode(" " + word)).as(word).isEqualTo(GPT2.encode(" " + word));
            }
        }
    }

    @Test
    void encodesARangeOfBytesAndNothingAroundIt() {
        byte[] text = "abc the words in between xyz".getBytes(StandardCharsets.UTF_8);
        for (int from = 0; from <= text.length; from++) {
            for (int to = from; to <= text.length; to++) {
                assertThat(ENCODER.encode(text, from, to))
                        .isEqualTo(ENCODER.encode(new String(text, from, to - from, StandardCharsets.UTF_8)));
            }
        }
        assertThatThrownBy(() -> ENCODER.encode(text, 3, 99)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2})
    void keepsBytesThatAreNoUtf8(long seed) {
        Vocabulary vocabulary = Vocabulary.gpt2();
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);
            java.io.ByteArrayOutputStream decoded = new java.io.ByteArrayOutputStream();
            for (int id : ENCODER.encode(bytes, 0, bytes.length)) {
                decoded.writeBytes(vocabulary.bytes(id));
            }
            assertThat(decoded.toByteArray()).isEqualTo(bytes);
        }
    }

    @Test
    void takesHalfOfASurrogatePairForAQuestionMark() {
        assertThat(ENCODER.encode("a\ud800b\udc00")).isEqualTo(ENCODER.encode("a?b?"));
    }

    @Test
    void servesSeveralThreads() {
        List<String> texts = IntStream.range(0, 200)
                .mapToObj(seed -> RandomText.ofAll(new Random(seed), 50))
                .toList();
        List<int[]> expected = texts.stream().map(ENCODER::encode).toList();
        Gpt2Encoder shared = new Gpt2Encoder();
        ConcurrentLinkedQueue<Integer> wrong = new ConcurrentLinkedQueue<>();
        IntStream.range(0, 4_000).parallel().forEach(i -> {
            if (!Arrays.equals(shared.encode(texts.get(i % 200)), expected.get(i % 200))) {
                wrong.add(i);
            }
        });
        assertThat(wrong).isEmpty();
    }
}
