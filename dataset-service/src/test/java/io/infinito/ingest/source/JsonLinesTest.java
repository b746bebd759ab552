package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonLinesTest {
    @TempDir
    Path folder;

    @Test
    void joinsRowsWithALineFeedOrASeparator() throws IOException {
        Path file = write("rows.jsonl", """
                {"text":"One\\nrow, naïve \\ud83d\\ude42.","id":1}
                {"id":2,"meta":{"text":"not this","list":[1,{"a":null}]},"text":"Two"}

                {"text":null}
                {"text":"  "}
                {"text":"Three"}""");
        assertThat(read(file, "")).isEqualTo("One\nrow, naïve 🙂.\nTwo\nThree");
        assertThat(read(file, "<|endoftext|>")).isEqualTo("One\nrow, naïve 🙂.<|endoftext|>Two<|endoftext|>Three");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz", ".zst"})
    void dividesBetweenRows(String packing) throws IOException {
        String lines = IntStream.range(1000, 2000)
                .mapToObj(i -> "{\"body\":\"Row " + i + "\"}\n")
                .collect(Collectors.joining());
        Path file = folder.resolve("rows.ndjson" + packing);
        Files.write(file, LocalSourceTest.packed(packing, lines.getBytes(StandardCharsets.UTF_8)));
        CorpusRules rules =
                new CorpusRules(SplitRules.byRatio(new SplitRatio(0.25, 0.05)), "body", "", EncodingErrors.REFUSE);
        var texts = Texts.of(open(file, rules));
        assertThat(texts.get(Split.TRAIN)).startsWith("Row 1000\n").endsWith("Row 1699");
        assertThat(texts.get(Split.VALIDATION)).startsWith("Row 1700\n").endsWith("Row 1949");
        assertThat(texts.get(Split.TEST)).startsWith("Row 1950\n").endsWith("Row 1999");
    }

    @Test
    void dividesSeveralFilesWhereTheShareLies() throws IOException {
        String lines = IntStream.range(0, 100)
                .mapToObj(i -> "{\"text\":\"%04d\"}\n".formatted(i))
                .collect(Collectors.joining());
        for (String name : List.of("a", "b", "c")) {
            write(name + ".jsonl", lines);
        }
        var texts = Texts.of(open(folder, rules(EncodingErrors.REFUSE, "|")));
        assertThat(texts.get(Split.TRAIN).split("\\|", -1)).hasSize(270);
        assertThat(texts.get(Split.VALIDATION).split("\\|", -1)).hasSize(30);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '#',
            quoteCharacter = '~',
            value = {
                "{\"text\":\"a\" # rows.jsonl line 2 is not JSON at column",
                "[\"text\"] # line 2 is not a JSON object",
                "plain words # line 2 is not JSON at column",
                "{\"body\":\"a\",\"id\":1} # line 2 has no field 'text', only [body, id]; dataset.textField",
                "{\"text\":7} # line 2 has no string in its field 'text'",
                "{\"text\":{\"a\":\"b\"}} # line 2 has no string in its field 'text'",
                "{\"text\":\"a\"} {\"text\":\"b\"} # line 2 goes on after its JSON object",
                "{\"text\":\"a\\ud83d\"} # line 2 has half a surrogate pair, \\ud83d, at character 1"
            })
    void saysWhichLineIsWrong(String line, String sentence) throws IOException {
        Path file = write("rows.jsonl", "{\"text\":\"fine\"}\n" + line + "\n");
        assertThatThrownBy(() -> read(file, ""))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void refusesOrReplacesWhatIsNotUtf8() throws IOException {
        byte[] content = "{\"text\":\"fine\"}\n{\"text\":\"b?d \\udc00\"}\n".getBytes(StandardCharsets.UTF_8);
        content[26] = (byte) 0xff;
        Path file = Files.write(folder.resolve("rows.jsonl"), content);
        assertThatThrownBy(() -> read(file, "")).hasMessageContaining("rows.jsonl is not UTF-8 at byte 26;");
        assertThat(String.join(
                        "\n",
                        Texts.of(open(file, rules(EncodingErrors.REPLACE, ""))).values()))
                .isEqualTo("fine\nb\ufffdd \ufffd");
    }

    @Test
    void readsALineThatIsLongerThanAPart() throws IOException {
        String row = "word ".repeat(600_000);
        Path file = write("rows.jsonl", "{\"text\":\"" + row + "\"}\n{\"text\":\"end\"}\n");
        assertThat(read(file, "")).isEqualTo(row + "\nend");
    }

    private String read(Path file, String separator) throws IOException {
        Corpus corpus = open(file, rules(EncodingErrors.REFUSE, separator));
        StringBuilder text = new StringBuilder();
        SplitText whole = new SplitText(corpus.convention(), text::append);
        corpus.read((split, run) -> whole.add(run));
        return text.toString();
    }

    private static CorpusRules rules(EncodingErrors errors, String separator) {
        return new CorpusRules(SplitRules.DEFAULT, "text", separator, errors);
    }

    private Corpus open(Path file, CorpusRules rules) throws IOException {
        return Texts.local(folder.resolve(".cache")).open(SourceAddress.parse("file:" + file), rules, folder);
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }
}
