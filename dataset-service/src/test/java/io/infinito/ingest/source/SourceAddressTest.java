package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceAddressTest {
    @Test
    void readsEveryKindOfSource() {
        assertThat(SourceAddress.parse("builtin:tiny-tales")).isEqualTo(new SourceAddress.BuiltIn("tiny-tales"));
        assertThat(SourceAddress.parse("file:some/text.txt")).isEqualTo(new SourceAddress.Local("some/text.txt"));
        assertThat(SourceAddress.parse("file:///some/text.txt")).isEqualTo(new SourceAddress.Local("/some/text.txt"));
        assertThat(SourceAddress.parse("hf://a/b/c")).isEqualTo(new SourceAddress.Hub("a", "b", "c", "main"));
        assertThat(SourceAddress.parse("hf://a/b/c@refs/convert/parquet"))
                .isEqualTo(new SourceAddress.Hub("a", "b", "c", "refs/convert/parquet"));
        assertThat(SourceAddress.parse("wikitext-2-raw-v1"))
                .isEqualTo(new SourceAddress.Hub("Salesforce", "wikitext", "wikitext-2-raw-v1", "main"));
        assertThat(SourceAddress.parse("s3://texts/a/b.txt")).isEqualTo(new SourceAddress.S3("texts", "a/b.txt"));
        assertThat(SourceAddress.parse("file:/corpora/**/*.jsonl.gz"))
                .isEqualTo(new SourceAddress.Local("/corpora/**/*.jsonl.gz"));
        assertThat(SourceAddress.parse("https://example.org/a/b.txt?x=1"))
                .isEqualTo(new SourceAddress.Http("https://example.org/a/b.txt?x=1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "text.txt | is not a source",
                "wikitext-3 | is not a source",
                "file: | names no path",
                "file://host/x | names no path",
                "hf://owner/name | expected hf://owner/name/config",
                "s3://b/key | expected s3://bucket/key",
                "s3://bucket | expected s3://bucket/key",
                "https:// | is not an address",
                "https://example.org/folder/ | names no file",
                "https://me:secret@example.org/a.txt | must not have a name or password",
                "builtin:x | no built-in corpus"
            })
    void refusesWhatIsNone(String source, String sentence) {
        assertThatThrownBy(() -> SourceAddress.parse(source))
                .isInstanceOf(SourceException.class)
                .hasMessageStartingWith("dataset.source")
                .hasMessageContaining(sentence);
    }
}
