package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TinyTalesTest {
    @Test
    void tellsTheSameTalesEverywhere() throws IOException {
        assertThat(TinyTales.fingerprint())
                .isEqualTo("tiny-tales 3c1c263f14e26678518a18f93ec36220320bf6e88267afea2e2f15cbdd4a0c5b");
    }

    @Test
    void isLargeEnoughToLearnFromWithFewWords() throws IOException {
        String train = String.join("\n", tales(Split.TRAIN));
        String validation = String.join("\n", tales(Split.VALIDATION));
        Set<String> words =
                new HashSet<>(Arrays.asList(train.toLowerCase(Locale.ROOT).split("[^a-z]+")));
        assertThat(train.length()).isBetween(350_000, 450_000);
        assertThat((double) validation.length() / train.length()).isBetween(0.04, 0.07);
        assertThat(words).hasSizeBetween(350, 500);
    }

    @ParameterizedTest
    @EnumSource(Split.class)
    void tellsWholeSentences(Split split) throws IOException {
        assertThat(tales(split))
                .allSatisfy(tale -> assertThat(tale)
                        .matches("(?s)[\"A-Z].*[.!?]\"?")
                        .doesNotContain("{", "}", "|", "  ", " a a", " a o", " a e")
                        .doesNotContainPattern("[.] [a-z]"));
    }

    @Test
    void repeatsNoTaleOfTrainInValidationOrTest() throws IOException {
        Set<String> train = new HashSet<>(tales(Split.TRAIN));
        assertThat(tales(Split.VALIDATION)).doesNotContainAnyElementsOf(train);
        assertThat(tales(Split.TEST)).doesNotContainAnyElementsOf(train);
    }

    @Test
    void makesADocumentOfEachTaleWhereTheyAreSeparated() throws IOException {
        CorpusRules rules = new CorpusRules(SplitRules.DEFAULT, "text", "<|endoftext|>", EncodingErrors.REFUSE);
        String text = Texts.of(TinyTales.corpus(rules)).get(Split.VALIDATION);
        assertThat(text.split("<\\|endoftext\\|>", -1))
                .containsExactlyElementsOf(tales(Split.VALIDATION).stream()
                        .map(tale -> tale + "\n")
                        .toList());
        assertThat(TinyTales.corpus(rules).totalBytes().getAsLong()).isBetween(350_000L, 500_000L);
    }

    private static List<String> tales(Split split) throws IOException {
        List<String> tales = new ArrayList<>();
        TinyTales.rows(split).forEach(row -> {
            if (!row.isBlank()) {
                tales.add(row.strip());
            }
        });
        return tales;
    }
}
