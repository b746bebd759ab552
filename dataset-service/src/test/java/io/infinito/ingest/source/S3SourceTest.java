package io.infinito.ingest.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.embedded.EmbeddedProcess;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class S3SourceTest {
    @TempDir
    static Path servers;

    private static EmbeddedProcess s3;
    private static StorageConfig config;
    private static ObjectStore store;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws IOException {
        s3 = EmbeddedProcess.s3(servers, 0, "test-key", "test-secret");
        config = new StorageConfig(s3.address(), "corpora", "test-key", "test-secret", "us-east-1");
        store = new ObjectStore(config);
        put("book/train/one.txt", "one\n");
        put("book/train/two.txt.gz", "two\n");
        put("book/valid.txt", "valid\n");
        put("book/.hidden/train.txt", "hidden\n");
        put("rows/a.jsonl.zst", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n");
        put("rows/deep/c.jsonl", "{\"text\":\"c\"}\n");
    }

    @AfterAll
    static void stop() {
        store.close();
        s3.close();
    }

    @Test
    void readsAFolderAndItsFoldersAndLeavesNothingBehind() throws IOException {
        assertThat(Texts.of(open("s3://corpora/book", CorpusRules.DEFAULT)))
                .isEqualTo(Map.of(Split.TRAIN, "one\ntwo\n", Split.VALIDATION, "valid\n"));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void readsAnObjectAndWhatAPatternIsFor() throws IOException {
        StringBuilder text = new StringBuilder();
        open("s3://corpora/book/train/two.txt.gz", CorpusRules.DEFAULT).read((split, run) -> text.append(run.text()));
        open("s3://corpora/**/*.jsonl*", CorpusRules.DEFAULT).read((split, run) -> text.append(run.text()));
        assertThat(text).hasToString("two\nabc");
    }

    @Test
    void knowsTheContentByTheListing() throws IOException {
        put("version/train.txt", "one\n");
        put("version/valid.txt", "valid\n");
        Corpus before = open("s3://corpora/version", CorpusRules.DEFAULT);
        assertThat(open("s3://corpora/version/", CorpusRules.DEFAULT).identity())
                .isEqualTo(before.identity());
        put("version/train.txt", "two\n");
        assertThat(open("s3://corpora/version", CorpusRules.DEFAULT).identity()).isNotEqualTo(before.identity());
        assertThatThrownBy(() -> Texts.of(before))
                .hasMessageContaining("version/train.txt cannot be read, or was changed");
    }

    @Test
    void saysWhatThereIs() {
        assertThatThrownBy(() -> open("s3://corpora/nothing", CorpusRules.DEFAULT))
                .hasMessageContaining(
                        "s3://corpora/nothing: there is no such object, and none in s3://corpora/nothing/");
        assertThatThrownBy(() -> open("s3://corpora/book/*.md", CorpusRules.DEFAULT))
                .hasMessageContaining(
                        "is for no object: in s3://corpora/book/ there is train/one.txt, train/two.txt.gz, valid.txt");
    }

    private Corpus open(String source, CorpusRules rules) throws IOException {
        HubSettings hub = new HubSettings(
                URI.create("http://localhost:1"), Optional.empty(), Duration.ofSeconds(1), Duration.ZERO);
        return new Sources(new SourceSettings(hub, folder.resolve("cache")), config)
                .open(SourceAddress.parse(source), rules, folder);
    }

    private static void put(String key, String text) throws IOException {
        store.put(key, LocalSourceTest.packed(key, text.getBytes(StandardCharsets.UTF_8)));
    }
}
