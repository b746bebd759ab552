package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalSourceTest {
    private static final String LINES = IntStream.range(0, 500)
            .mapToObj(i -> i % 7 == 0 ? "\n" : "Line " + i + " with a naïve 🙂.\n")
            .collect(Collectors.joining());

    @TempDir
    Path folder;

    @TempDir
    Path cache;

    @ParameterizedTest
    @ValueSource(strings = {"text.txt", "text.txt.gz", "text.zst"})
    void leavesThePlainTextOfAFileAsItIs(String name) throws IOException {
        Path file = write(name, packed(name, LINES.getBytes(StandardCharsets.UTF_8)));
        Corpus corpus = open("file:" + file, rules(new SplitRatio(0.2, 0.1)));
        Map<Split, String> texts = Texts.of(corpus);

        assertThat(String.join("", texts.values())).isEqualTo(LINES);
        assertThat(texts.keySet()).containsExactly(Split.TRAIN, Split.VALIDATION, Split.TEST);
        assertThat(texts.values()).allSatisfy(part -> assertThat(part).endsWith("\n"));
        assertThat((double) texts.get(Split.VALIDATION).length() / LINES.length())
                .isBetween(0.19, 0.21);
        assertThat(corpus.totalBytes().isPresent()).isEqualTo(name.endsWith(".txt"));
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
        "test/0001.txt, TEST",
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
        write("deeper/down/dev.txt", "valid\n");
        write("notes.md", "not a part\n");
        write(".train.swp", "not a part\n");
        write(".git/train.txt", "not a part\n");
        Map<Split, String> texts = Texts.of(open("file:" + folder, CorpusRules.DEFAULT));
        assertThat(texts)
                .isEqualTo(Map.of(Split.TRAIN, "one, without its line end\ntwo\n", Split.VALIDATION, "valid\n"));
    }

    @Test
    void keepsATestFileApartWhereValidationIsTakenFromTrain() throws IOException {
        write("train.txt", "line\n".repeat(100));
        write("test.txt", "test\n");
        Map<Split, String> texts = Texts.of(open("file:" + folder, rules(new SplitRatio(0.1, 0.5))));
        assertThat(texts)
                .isEqualTo(Map.of(
                        Split.TRAIN, "line\n".repeat(90), Split.VALIDATION, "line\n".repeat(10), Split.TEST, "test\n"));
    }

    @Test
    void dividesManyTextFilesBetweenThem() throws IOException {
        for (int i = 10; i < 30; i++) {
            write("book-" + i + ".txt", "Book " + i + "\n" + "text\n".repeat(20));
        }
        Map<Split, String> texts = Texts.of(open("file:" + folder, rules(new SplitRatio(0.1, 0.05))));
        assertThat(texts.get(Split.TRAIN))
                .startsWith("Book 10")
                .contains("Book 26")
                .doesNotContain("Book 27");
        assertThat(texts.get(Split.VALIDATION)).startsWith("Book 27").contains("Book 28");
        assertThat(texts.get(Split.TEST)).startsWith("Book 29");
    }

    @Test
    void takesWhatAPatternIsFor() throws IOException {
        write("a.txt", "a\n");
        write("deep/b.txt", "b\n");
        write("deep/er/c.txt", "c\n");
        write("deep/d.md", "d\n");
        assertThat(all("file:" + folder + "/**/*.txt")).isEqualTo("a\nb\nc\n");
        assertThat(all("file:" + folder + "/*/[a-c].{txt,text}")).isEqualTo("b\n");
        assertThat(all("file:" + folder + "/deep/?.*")).isEqualTo("b\nd\n");
        assertThatThrownBy(() -> all("file:" + folder + "/*.jsonl"))
                .hasMessageContaining("*.jsonl is for no file: in " + folder)
                .hasMessageContaining("there is a.txt, deep/b.txt, deep/d.md, deep/er/c.txt");
        assertThatThrownBy(() -> all("file:" + folder + "/none/*.txt")).hasMessageContaining("there is no folder");
        assertThatThrownBy(() -> all("file:" + folder + "/[a.txt")).hasMessageContaining("is not a pattern");
        write("[odd].txt", "odd, but a name\n");
        assertThat(all("file:" + folder + "/[odd].txt")).isEqualTo("odd, but a name\n");
    }

    @Test
    void takesSplitsByPatterns() throws IOException {
        write("a/train.txt", "one\n");
        write("b/train.txt", "two\n");
        write("c/text.txt", "three\n");
        write("d/left-out.txt", "four\n");
        assertThat(Texts.of(open("file:" + folder, mapping(List.of("a/*", "c/*"), List.of("b/*")))))
                .isEqualTo(Map.of(Split.TRAIN, "one\nthree\n", Split.VALIDATION, "two\n"));
        assertThat(Texts.of(open("file:" + folder, mapping(List.of(), List.of("b/*")))))
                .isEqualTo(Map.of(Split.TRAIN, "one\nthree\nfour\n", Split.VALIDATION, "two\n"));
        assertThatThrownBy(() -> open("file:" + folder, mapping(List.of("**/train.txt"), List.of("b/*"))))
                .hasMessage(
                        "dataset.split: b/train.txt is for train and for validation: a file can be of one split only");
        assertThatThrownBy(() -> open("file:" + folder, mapping(List.of("a/*", "z/*"), List.of())))
                .hasMessageContaining("dataset.split.train: \"z/*\" is for no file of " + folder)
                .hasMessageContaining("there is a/train.txt, b/train.txt");
        assertThatThrownBy(() -> open("file:" + folder, mapping(List.of(), List.of("**"))))
                .hasMessageContaining("has no train split, only validation");
    }

    @Test
    void joinsTheRowsOfWikiText() throws IOException {
        write("wiki.train.raw", " \n = Title = \n \n Text – here . \n\u00a0\n More . \n");
        write("wiki.valid.raw", "x\n");
        Corpus corpus = open("file:" + folder, CorpusRules.DEFAULT);
        StringBuilder text = new StringBuilder();
        SplitText train = new SplitText(corpus.convention(), text::append);
        corpus.read((split, run) -> {
            if (split == Split.TRAIN) {
                train.add(run);
            }
        });
        assertThat(text).hasToString(" = Title = \n\n Text – here . \n\n More . \n");
        assertThat(train.rows()).isEqualTo(6);
        assertThat(train.nonEmptyRows()).isEqualTo(3);
        assertThat(train.characters()).isEqualTo(text.length());
        assertThat(train.bytes()).isEqualTo(text.toString().getBytes(StandardCharsets.UTF_8).length);
        assertThat(train.words()).isEqualTo(9);
    }

    @Test
    void putsASeparatorBetweenFilesAndNothingElse() throws IOException {
        write("train-1.txt", "one\n\ntwo");
        write("train-2.txt", "");
        write("train-3.txt", "three\n");
        write("valid.txt", "\ufeffvalid\n");
        assertThat(Texts.of(open("file:" + folder, separated("<|endoftext|>"))))
                .isEqualTo(Map.of(Split.TRAIN, "one\n\ntwo<|endoftext|>three\n", Split.VALIDATION, "valid\n"));
    }

    @Test
    void saysAtWhichByteAFileIsNotUtf8() throws IOException {
        byte[] bytes = "é".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        bytes[150_001] = 'x';
        refuses(
                "bad.txt",
                bytes,
                "dataset.source: bad.txt is not UTF-8 at byte 150000; dataset.encodingErrors REPLACE");
        refuses("bad.txt.gz", packed("x.gz", bytes), "bad.txt.gz is not UTF-8 at byte 150000");
        refuses("cut.txt", new byte[] {'a', (byte) 0xe2, (byte) 0x82}, "cut.txt is not UTF-8 at byte 1;");
        refuses("marked.txt", new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf, 'a', (byte) 0xff}, "at byte 4;");
        refuses("wide.txt", "wide".getBytes(StandardCharsets.UTF_16), "at byte 0: it looks like UTF-16");
    }

    @Test
    void replacesWhatIsNotUtf8WhereThatIsWanted() throws IOException {
        Path file = write("bad.txt", new byte[] {'a', (byte) 0xe2, (byte) 0x82, '\n', (byte) 0xff, 'b', (byte) 0xc3});
        CorpusRules rules = new CorpusRules(SplitRules.DEFAULT, "text", "", EncodingErrors.REPLACE);
        assertThat(String.join("", Texts.of(open("file:" + file, rules)).values()))
                .isEqualTo("a\ufffd\n\ufffdb\ufffd");
        Path good = write("good.txt", "A \ufffd that is meant.\n".repeat(2));
        assertThat(all("file:" + good)).hasSize(38);
    }

    @Test
    void readsEveryMemberOfAPackedFile() throws IOException {
        byte[] one = "one\n".repeat(100_000).getBytes(StandardCharsets.UTF_8);
        byte[] two = "two\n".getBytes(StandardCharsets.UTF_8);
        for (String ending : List.of("gz", "zst")) {
            Path file = write("two." + ending, concat(packed(ending, one), packed(ending, two)));
            assertThat(all("file:" + file)).hasSize(400_004).endsWith("two\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gz", "zst"})
    void refusesAPackedFileThatIsCutOffOrDamaged(String ending) throws IOException {
        byte[] member = packed(ending, LINES.getBytes(StandardCharsets.UTF_8));
        byte[] two = concat(member, member);
        for (int length : new int[] {1, 5, member.length / 2, member.length - 1, member.length + 5, two.length - 3}) {
            refuses("cut." + ending, Arrays.copyOf(two, length), "cut." + ending + " is damaged or cut off");
        }
        refuses("garbage." + ending, concat(member, "garbage".getBytes(StandardCharsets.UTF_8)), "garbage." + ending);
        member[member.length / 2] ^= 0x55;
        refuses("bad." + ending, member, "bad." + ending);
    }

    @Test
    void handsOnALongLineInParts() throws IOException {
        String line = "word é🙂 ".repeat(300_000);
        Path file = write("long.txt", line + "\nshort");
        StringBuilder text = new StringBuilder();
        SplitText whole = new SplitText(RowConvention.AS_WRITTEN, text::append);
        int[] longest = {0};
        open("file:" + file, CorpusRules.DEFAULT).read((split, run) -> {
            longest[0] = Math.max(longest[0], run.text().length());
            whole.add(run);
        });
        assertThat(text.toString()).isEqualTo(line + "\nshort");
        assertThat(longest[0]).isLessThanOrEqualTo(Utf8Lines.MAX_RUN_BYTES);
        assertThat(whole.rows()).isEqualTo(2);
        assertThat(whole.words()).isEqualTo(600_001);
        assertThat(whole.characters()).isEqualTo(8 * 300_000L + 6);
    }

    @Test
    void remembersHashesUntilAFileChanges() throws IOException {
        Path file = write("text.txt", "some text\n");
        FileTime old = FileTime.fromMillis(1_700_000_000_000L);
        Files.setLastModifiedTime(file, old);
        String first = open("file:" + file, CorpusRules.DEFAULT).identity();
        // A trick that only a reader that trusts its memory falls for.
        Files.writeString(file, "same size\n");
        Files.setLastModifiedTime(file, old);
        assertThat(open("file:" + file, CorpusRules.DEFAULT).identity()).isEqualTo(first);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_001L));
        assertThat(open("file:" + file, CorpusRules.DEFAULT).identity()).isNotEqualTo(first);
        try (Stream<Path> memories = Files.list(cache.resolve("hashes"))) {
            assertThat(memories.toList()).singleElement().satisfies(memory -> Files.writeString(memory, "damaged"));
        }
        Files.writeString(file, "some text\n");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_001L));
        assertThat(open("file:" + file, CorpusRules.DEFAULT).identity()).isEqualTo(first);
    }

    @Test
    void doesNotRememberAFileThatMayStillBeWritten() throws IOException {
        Path file = write("text.txt", "some text\n");
        open("file:" + file, CorpusRules.DEFAULT);
        assertThat(cache.resolve("hashes")).doesNotExist();
    }

    @Test
    void refusesAFileThatIsChangedMeanwhile() throws IOException {
        Path file = write("text.txt", "some text\n");
        Corpus corpus = open("file:" + file, CorpusRules.DEFAULT);
        Files.writeString(file, "some other text\n");
        assertThatThrownBy(() -> Texts.of(corpus)).hasMessageContaining("was changed while it was read");
    }

    @Test
    void identifiesTheTextAndNotTheNames() throws IOException {
        String first =
                open("file:" + write("a.txt", "x\n"), CorpusRules.DEFAULT).identity();
        assertThat(open("file:" + write("b.md", "x\n"), CorpusRules.DEFAULT).identity())
                .isEqualTo(first);
        assertThat(open("file:" + folder.resolve("a.txt"), rules(new SplitRatio(0.2, 0)))
                        .identity())
                .isNotEqualTo(first);
        assertThat(open("file:" + folder.resolve("a.txt"), separated("x")).identity())
                .isNotEqualTo(first);
        assertThat(open("file:" + write("c.jsonl", "x\n"), CorpusRules.DEFAULT).identity())
                .isNotEqualTo(first);
    }

    @Test
    void refusesWhatCannotBeTrainedOn() throws IOException {
        assertThatThrownBy(() -> all("file:" + folder.resolve("none")))
                .hasMessageContaining("none: there is no such file or folder");
        assertThatThrownBy(() -> all("file:" + folder)).hasMessageContaining("has no files");
        Path empty = write("empty.txt", "");
        assertThatThrownBy(() -> all("file:" + empty))
                .hasMessageContaining("has no text in its train split: empty.txt is empty");
        Files.delete(empty);
        write("wiki.valid.raw", "x\n");
        assertThatThrownBy(() -> all("file:" + folder)).hasMessageContaining("has no train split, only validation");
        write("train.txt", "x\n");
        assertThatThrownBy(() -> all("file:" + folder)).hasMessageContaining("mixes kinds of files");
        for (String name : List.of("a.pdf", "a.csv", "a.json.gz", "a.tar.gz", "a.parquet.zst")) {
            Path file = write(name, "x\n");
            assertThatThrownBy(() -> all("file:" + file))
                    .hasMessageContaining(name + " is of a kind that cannot be read: expected text, JSON lines");
        }
    }

    @Test
    void refusesFewerTextFilesThanSplits() throws IOException {
        write("a.txt", "x\n");
        write("b.txt", "x\n");
        assertThatThrownBy(() -> open("file:" + folder, rules(new SplitRatio(0.1, 0.1))))
                .hasMessageContaining("has 2 text files, which are not cut, for 3 splits");
        assertThat(Texts.of(open("file:" + folder, CorpusRules.DEFAULT)))
                .isEqualTo(Map.of(Split.TRAIN, "x\n", Split.VALIDATION, "x\n"));
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

    private void refuses(String name, byte[] content, String sentence) throws IOException {
        Path file = write(name, content);
        assertThatThrownBy(() -> all("file:" + file))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining(sentence);
    }

    /** The text of all splits. */
    private String all(String source) throws IOException {
        StringBuilder text = new StringBuilder();
        open(source, CorpusRules.DEFAULT).read((split, run) -> text.append(run.text()));
        return text.toString();
    }

    private Corpus open(String source, CorpusRules rules) throws IOException {
        return Texts.local(cache).open(SourceAddress.parse(source), rules, cache);
    }

    private static CorpusRules rules(SplitRatio ratio) {
        return CorpusRules.DEFAULT.withSplits(SplitRules.byRatio(ratio));
    }

    private static CorpusRules separated(String separator) {
        return new CorpusRules(SplitRules.DEFAULT, "text", separator, EncodingErrors.REFUSE);
    }

    private static CorpusRules mapping(List<String> train, List<String> validation) {
        return CorpusRules.DEFAULT.withSplits(
                new SplitRules(SplitRatio.DEFAULT, globs(train), globs(validation), List.of()));
    }

    private static List<PathGlob> globs(List<String> patterns) {
        return patterns.stream().map(pattern -> new PathGlob("field", pattern)).toList();
    }

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private Path write(String name, byte[] content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    static byte[] packed(String name, byte[] content) throws IOException {
        if (name.endsWith("zst")) {
            return Zstd.compress(content);
        }
        if (!name.endsWith("gz")) {
            return content;
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(content);
        }
        return packed.toByteArray();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
