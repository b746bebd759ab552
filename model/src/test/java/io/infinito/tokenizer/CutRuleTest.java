package io.infinito.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CutRuleTest {
    private static final String CL100K =
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String O200K =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String BYTES =
            "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":false}";
    private static final String GPT2 =
            "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true}";

    @Test
    void takesGpt2ForSafeEverywhere() {
        assertThat(Vocabulary.gpt2().cutRule()).isEqualTo(CutRule.ANYWHERE);
        assertThat(CutRule.ANYWHERE.mayStart("。日本", 7)).isTrue();
    }

    @Test
    void allowsOtherPatternsOnlySpacedWords() {
        assertThat(rule(sequence(split(CL100K), BYTES))).isEqualTo(CutRule.BEFORE_SPACED_WORDS);
        assertThat(rule(sequence(split(O200K), BYTES))).isEqualTo(CutRule.BEFORE_SPACED_WORDS);
        assertThat(rule(sequence("{\"type\":\"Digits\",\"individual_digits\":true}", GPT2)))
                .isEqualTo(CutRule.BEFORE_SPACED_WORDS);
        assertThat(rule(GPT2)).isEqualTo(CutRule.ANYWHERE);
        assertThat(rule(GPT2, "{\"type\":\"NFC\"}", "")).isEqualTo(CutRule.BEFORE_SPACED_WORDS);
        assertThat(rule(GPT2, "null", "<|im_start|>")).isEqualTo(CutRule.BEFORE_SPACED_WORDS);
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertThat(rule(sequence(split("\\S+ ?| "), BYTES))).isEqualTo(CutRule.NOWHERE);
        assertThat(rule(sequence(BYTES, split(CL100K)))).isEqualTo(CutRule.NOWHERE);
        assertThat(rule(BYTES)).isEqualTo(CutRule.NOWHERE);
        assertThat(rule("null")).isEqualTo(CutRule.NOWHERE);
        assertThat(rule("{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\"}"))
                .isEqualTo(CutRule.NOWHERE);
        assertThat(rule("{\"type\":\"ByteLevel\"}"))
                .as("a prefix space by default")
                .isEqualTo(CutRule.NOWHERE);
        assertThat(rule(GPT2, "{\"type\":\"Lowercase\"}", "")).isEqualTo(CutRule.NOWHERE);
        assertThat(rule(GPT2, "null", "the end")).isEqualTo(CutRule.NOWHERE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "BEFORE_SPACED_WORDS|anything|0|true",
                "BEFORE_SPACED_WORDS| word|1|true",
                "BEFORE_SPACED_WORDS| 7 words|1|false",
                "BEFORE_SPACED_WORDS|,word|1|false",
                "BEFORE_SPACED_WORDS|' '|1|false",
                "NOWHERE|anything|0|true",
                "NOWHERE| word|1|false"
            })
    void saysWhichPiecesMayStartWhereTheyDo(CutRule rule, String piece, long index, boolean may) {
        assertThat(rule.mayStart(piece, index)).isEqualTo(may);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2})
    void leavesTheIdsOfOtherPatternsAsTheyAre(long seed) {
        for (String pattern : List.of(CL100K, O200K)) {
            try (Tokenizer tokenizer = Tokenizer.fromJson(
                    json(sequence(split(pattern), BYTES), "null", "").getBytes(StandardCharsets.UTF_8))) {
                Random random = new Random(seed);
                for (int i = 0; i < 200; i++) {
                    StringBuilder text = new StringBuilder("a");
                    for (int word = 0; word < 10; word++) {
                        text.append(RandomText.of(random, random.nextInt(6)))
                                .append(random.nextBoolean() ? " the" : "It's ЖЖ日本 \nthe");
                    }
                    List<String> pieces = new ArrayList<>();
                    PieceCutter cutter = new PieceCutter(1 + random.nextInt(20), 10_000, pieces::add);
                    cutter.append(text);
                    cutter.finish();
                    assertThat(idsOfAllowed(tokenizer, pieces))
                            .as(text.toString())
                            .containsExactly(tokenizer.encode(text.toString()));
                }
            }
        }
    }

    /** The ids when pieces are joined where the rule does not allow the cut. */
    private static int[] idsOfAllowed(Tokenizer tokenizer, List<String> pieces) {
        List<StringBuilder> joined = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            if (tokenizer.cutRule().mayStart(pieces.get(i), i)) {
                joined.add(new StringBuilder());
            }
            joined.get(joined.size() - 1).append(pieces.get(i));
        }
        assertThat(joined).hasSizeGreaterThan(1);
        return joined.stream()
                .flatMapToInt(piece -> IntStream.of(tokenizer.encode(piece.toString())))
                .toArray();
    }

    private static CutRule rule(String preTokenizer) {
        return rule(preTokenizer, "null", "");
    }

    private static CutRule rule(String preTokenizer, String normalizer, String added) {
        try {
            return CutRule.of(new ObjectMapper().readTree(json(preTokenizer, normalizer, added)));
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** A tokenizer of single bytes, and of pairs that are frequent across the places where a text may be cut. */
    private static String json(String preTokenizer, String normalizer, String added) {
        StringBuilder vocabulary = new StringBuilder();
        for (int value = 0; value < ByteLevel.BYTES; value++) {
            vocabulary
                    .append(quote(ByteLevel.letters(new byte[] {(byte) value})))
                    .append(':')
                    .append(value)
                    .append(',');
        }
        List<String> pairs = List.of(
                "th", "e\u0120", "t\u0120", "\u0120t", "s\u0120", ",\u0120", ".\u0120", "\u010a\u010a", "\u0120\u010a");
        StringBuilder merges = new StringBuilder();
        for (int i = 0; i < pairs.size(); i++) {
            String pair = pairs.get(i);
            vocabulary
                    .append(quote(pair))
                    .append(':')
                    .append(ByteLevel.BYTES + i)
                    .append(i + 1 < pairs.size() ? "," : "");
            merges.append(i == 0 ? "" : ",").append(quote(pair.charAt(0) + " " + pair.charAt(1)));
        }
        String token = added.isEmpty()
                ? ""
                : "{\"id\":300,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}"
                        .formatted(added);
        return """
                {"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":%s,"pre_tokenizer":%s,
                "post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
                "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"",
                "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{%s},"merges":[%s]}}
                """.formatted(token, normalizer, preTokenizer, vocabulary, merges);
    }

    private static String sequence(String first, String second) {
        return "{\"type\":\"Sequence\",\"pretokenizers\":[" + first + "," + second + "]}";
    }

    private static String split(String pattern) {
        return "{\"type\":\"Split\",\"pattern\":{\"Regex\":" + quote(pattern)
                + "},\"behavior\":\"Isolated\",\"invert\":false}";
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
