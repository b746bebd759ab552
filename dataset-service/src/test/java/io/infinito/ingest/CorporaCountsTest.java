package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.CorpusRules;
import io.infinito.ingest.source.SourceAddress;
import io.infinito.ingest.source.Split;
import io.infinito.ingest.source.SplitText;
import io.infinito.ingest.source.Texts;
import io.infinito.tokenizer.PieceCutter;
import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The published figures of WikiText-2, for whoever has the files: {@code -Dinfinito.corpora=FOLDER} with {@code wikitext-2-raw-v1/} and
 * {@code wikitext-2-v1/} in it.
 */
@EnabledIfSystemProperty(named = "infinito.corpora", matches = ".+")
class CorporaCountsTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "wikitext-2-raw-v1/wiki.valid.raw, 3760, 2461, 1144610, 247289, 965",
        "wikitext-2-raw-v1/wiki.test.raw, 4358, 2891, 1288512, 283287, 1106",
        "wikitext-2-v1/wiki.train.tokens, 36718, 23767, 10778301, 2422480, 9462",
        "wikitext-2-v1/wiki.valid.tokens, 3760, 2461, 1120054, 256061, 1000"
    })
    void countsAsPublished(String file, long rows, long nonEmptyRows, long characters, long tokens, long sequences)
            throws IOException {
        // Any split of WikiText can be counted in the place of its train split.
        Path original = Path.of(System.getProperty("infinito.corpora"), file);
        Path source = Files.createDirectory(folder.resolve("source"));
        Files.copy(original, source.resolve("wiki.train.raw"));
        Files.writeString(source.resolve("wiki.valid.raw"), "");
        Corpus corpus =
                Texts.local(folder).open(new SourceAddress.Local(source.toString()), CorpusRules.DEFAULT, folder);

        AtomicLong counted = new AtomicLong();
        try (Tokenizer gpt2 = Tokenizer.gpt2()) {
            PieceCutter cutter =
                    new PieceCutter(983_040, 1_013_760, piece -> counted.addAndGet(gpt2.encode(piece).length));
            SplitText text = new SplitText(corpus.convention(), cutter::append);
            corpus.read((split, row) -> {
                if (split == Split.TRAIN) {
                    text.add(row);
                }
            });
            cutter.finish();
            assertThat(text.rows()).isEqualTo(rows);
            assertThat(text.nonEmptyRows()).isEqualTo(nonEmptyRows);
            assertThat(text.characters()).isEqualTo(characters);
            assertThat(counted).hasValue(tokens);
            assertThat(tokens / 256).isEqualTo(sequences);
        }
    }
}
