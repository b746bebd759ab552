package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalSourceTest {
    @TempDir
    Path folder;

    @Test
    void leavesThePlainTextOfAFileAsItIs() throws IOException {
        String text = IntStream.range(0, 500)
                .mapToObj(i -> i % 7 == 0 ? "\n" : "Line " + i + " with a naïve 🙂.\n")
                .collect(Collectors.joining());
        Map<Split, StringBuilder> texts =
                read(LocalSource.open(write("text.txt", text), "text.txt", new SplitRatio(0.2, 0.1)));

        assertThat(String.join("", texts.values())).isEqualTo(text);
        assertThat(texts.keySet()).containsExactly(Split.TRAIN, Split.VALIDATION, Split.TEST);
        assertThat(texts.values())
                .allSatisfy(part -> assertThat(part.toString()).endsWith("\n"));
        assertThat((double) texts.get(Split.VALIDATION).length() / text.length())
                .isBetween(0.19, 0.21);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "wiki.train.raw, TRAIN",
        "my-TRAIN-set.txt, TRAIN",
        "training_data.txt, TRAIN",
        "wiki.valid.tokens, VALIDATION",
        "val.txt, VALIDATION",
        "dev.txt, VALIDATION",
        "validation-00000-of-00001.parquet, VALIDATION",
        "test.txt, TEST"
    })
    void knowsTheSplitByTheName(String name, Split split) {
        assertThat(Split.ofFileName(name)).contains(split);
    }

    @ParameterizedTest
    @CsvSource({"medieval.txt", "latest.txt", "README.md", "trainers.txt"})
    void guessesNoSplitFromPartsOfWords(String name) {
        assertThat(Split.ofFileName(name)).isEmpty();
    }

    @Test
    void putsTheFilesOfASplitOneAfterTheOther() throws IOException {
        write("train-2.txt", "two\n");
        write("train-1.txt", "one, without its line end");
        write("dev.txt", "valid\n");
        write("notes.md", "not a part\n");
        write(".train.swp", "not a part\n");
        Map<Split, StringBuilder> texts = read(LocalSource.open(folder, "folder", SplitRatio.DEFAULT));
        assertThat(texts.get(Split.TRAIN)).hasToString("one, without its line end\ntwo\n");
        assertThat(texts.get(Split.VALIDATION)).hasToString("valid\n");
        assertThat(texts).doesNotContainKey(Split.TEST);
    }

    @Test
    void keepsATestFileApartWhereValidationIsTakenFromTrain() throws IOException {
        write("train.txt", "line\n".repeat(100));
        write("test.txt", "test\n");
        Map<Split, StringBuilder> texts = read(LocalSource.open(folder, "folder", new SplitRatio(0.1, 0.5)));
        assertThat(texts.get(Split.TRAIN)).hasToString("line\n".repeat(90));
        assertThat(texts.get(Split.VALIDATION)).hasToString("line\n".repeat(10));
        assertThat(texts.get(Split.TEST)).hasToString("test\n");
    }

    @Test
    void joinsTheRowsOfWikiText() throws IOException {
        write("wiki.train.raw", " \n = Title = \n \n Text – here . \n\u00a0\n More . \n");
        Corpus corpus = LocalSource.open(folder, "folder", SplitRatio.DEFAULT);
        assertThat(corpus.convention()).isEqualTo(RowConvention.JOINED);
        StringBuilder text = new StringBuilder();
        SplitText split = new SplitText(corpus.convention(), text::append);
        corpus.read((name, row) -> split.add(row));
        assertThat(text).hasToString(" = Title = \n\n Text – here . \n\n More . \n");
        assertThat(split.rows()).isEqualTo(6);
        assertThat(split.nonEmptyRows()).isEqualTo(3);
        assertThat(split.characters()).isEqualTo(text.length());
    }

    @Test
    void saysAtWhichByteAFileIsNotUtf8() throws IOException {
        byte[] bytes = "é".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        bytes[150_001] = 'x';
        Path file = Files.write(folder.resolve("bad.txt"), bytes);
        assertThatThrownBy(() -> read(LocalSource.open(file, "bad.txt", SplitRatio.DEFAULT)))
                .hasMessage("dataset.source: bad.txt is not UTF-8 at byte 150000");

        Path cut = Files.write(folder.resolve("cut.txt"), new byte[] {'a', (byte) 0xe2, (byte) 0x82});
        assertThatThrownBy(() -> read(LocalSource.open(cut, "cut.txt", SplitRatio.DEFAULT)))
                .hasMessageContaining("not UTF-8 at byte 1");
    }

    @Test
    void refusesWhatCannotBeTrainedOn() throws IOException {
        assertThatThrownBy(() -> LocalSource.open(folder.resolve("none"), "none", SplitRatio.DEFAULT))
                .hasMessageContaining("none: there is no such file or folder");
        assertThatThrownBy(() -> LocalSource.open(folder, "empty", SplitRatio.DEFAULT))
                .hasMessageContaining("the folder empty has no file with train, valid or test in its name");
        write("wiki.valid.raw", "x\n");
        assertThatThrownBy(() -> LocalSource.open(folder, "valid", SplitRatio.DEFAULT))
                .hasMessageContaining("valid has no train split, only validation");
        write("train.txt", "x\n");
        assertThatThrownBy(() -> LocalSource.open(folder, "mixed", SplitRatio.DEFAULT))
                .hasMessageContaining("mixes kinds of files");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, validationRatio",
        "1, 0, validationRatio",
        "NaN, 0, validationRatio",
        "0.5, 1, testRatio",
        "0.5, 0.5, sum"
    })
    void refusesSharesThatLeaveNothing(double validation, double test, String field) {
        assertThatThrownBy(() -> new SplitRatio(validation, test))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining(field);
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static Map<Split, StringBuilder> read(Corpus corpus) throws IOException {
        Map<Split, StringBuilder> texts = new EnumMap<>(Split.class);
        Map<Split, SplitText> splits = new EnumMap<>(Split.class);
        corpus.read((split, row) -> splits.computeIfAbsent(split, s -> {
                    StringBuilder text = new StringBuilder();
                    texts.put(s, text);
                    return new SplitText(corpus.convention(), text::append);
                })
                .add(row));
        return texts;
    }
}
