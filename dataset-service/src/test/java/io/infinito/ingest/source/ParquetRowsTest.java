package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files were written by pyarrow 26, each in another of the ways that are in use. */
class ParquetRowsTest {
    private static final Path FILES = Path.of("src/test/resources/hub");

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "train-00000-of-00002, train, 300",
        "train-00001-of-00002, more train, 50",
        "validation-00000-of-00001, validation, 120",
        "test-00000-of-00001, test, 60"
    })
    void readsEveryWayOfWriting(String file, String split, int rows) throws IOException {
        assertThat(read(FILES.resolve(file + ".parquet")))
                .isEqualTo(IntStream.range(0, rows).mapToObj(i -> row(split, i)).toList());
    }

    @Test
    void readsAColumnThatCannotBeMissing() throws IOException {
        assertThat(read(FILES.resolve("required.parquet")))
                .containsOnly("plain and never missing")
                .hasSize(3);
    }

    @Test
    void readsDeltaEncodings() throws IOException {
        assertThat(read(FILES.resolve("delta.parquet"))).hasSize(3).doesNotContain("");
    }

    @Test
    void readsTheColumnThatIsNamed() throws IOException {
        assertThat(read(FILES.resolve("two-columns.parquet"), "answer"))
                .isNotEqualTo(read(FILES.resolve("two-columns.parquet"), "question"));
        assertThatThrownBy(() -> read(FILES.resolve("required.parquet"), "body"))
                .hasMessageContaining("has no column 'body'")
                .hasMessageContaining("dataset.textField");
    }

    @Test
    void letsFailuresOfTheSinkThrough() {
        assertThatThrownBy(() -> new ParquetRows(
                                FILES.resolve("required.parquet"), new Utf8Text("x", EncodingErrors.REFUSE), "text")
                        .forEach((position, run) -> {
                            throw new IllegalStateException("not the file's fault");
                        }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("not the file's fault");
    }

    @Test
    void saysWhatItCannotRead(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> read(FILES.resolve("two-columns.parquet")))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("not exactly one such column but 2: [question, answer]");
        assertThatThrownBy(() -> read(Files.writeString(folder.resolve("text.parquet"), "This is plain text.")))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("the file cannot be read as Parquet");
        assertThatThrownBy(() -> read(Files.writeString(folder.resolve("empty.parquet"), "")))
                .isInstanceOf(SourceException.class);
    }

    @Test
    void refusesAFileThatIsCutOff(@TempDir Path folder) throws IOException {
        byte[] whole = Files.readAllBytes(FILES.resolve("train-00000-of-00002.parquet"));
        for (int length = 0; length < whole.length; length += whole.length / 20) {
            Path file = Files.write(folder.resolve("cut.parquet"), java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> read(file)).isInstanceOf(SourceException.class);
        }
    }

    private static String row(String split, int i) {
        if (i % 5 == 4 || i % 7 == 6) {
            return "";
        }
        return i % 3 == 0
                ? " A row that comes again in " + split + " . \n"
                : " Row " + i + " of " + split + " has words of its own : naïve – 🙂 . \n";
    }

    private static List<String> read(Path path) throws IOException {
        return read(path, "text");
    }

    private static List<String> read(Path path, String column) throws IOException {
        List<String> rows = new ArrayList<>();
        new ParquetRows(path, new Utf8Text("the file", EncodingErrors.REFUSE), column).forEach((position, run) -> {
            assertThat(position).isEqualTo(rows.size());
            rows.add(run.text());
        });
        return rows;
    }
}
