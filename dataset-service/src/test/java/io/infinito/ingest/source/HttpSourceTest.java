package io.infinito.ingest.source;

import static io.infinito.ingest.source.FileServer.breakAfter;
import static io.infinito.ingest.source.FileServer.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpSourceTest {
    private static final byte[] TEXT = "A line of a book.\n".repeat(1000).getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    @TempDir
    Path cache;

    private FileServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new FileServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void readsAFileAndLeavesNothingBehind() throws IOException {
        server.redirect("/latest/book.txt", "/books/book%20one.txt", Map.of());
        server.file("/books/book one.txt", TEXT, "\"1\"").file("/books/book%20one.txt", TEXT, "\"1\"");
        server.fail(
                "/books/book one.txt",
                status(503),
                (exchange, answer) -> answer.send(exchange),
                breakAfter(0, TEXT, "\"1\""),
                breakAfter(5000, TEXT, "\"1\""));
        Corpus corpus = open("/latest/book.txt");
        assertThat(String.join("", Texts.of(corpus).values())).isEqualTo(new String(TEXT, StandardCharsets.UTF_8));
        assertThat(corpus.totalBytes()).hasValue(TEXT.length);
        assertThat(server.requests("/books/book one.txt"))
                .extracting(FileServer.Seen::method)
                .startsWith("HEAD", "HEAD");
        assertThat(server.requests("/books/book one.txt"))
                .last()
                .satisfies(last -> assertThat(last.range()).isEqualTo("bytes=5000-"));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void knowsTheVersionWithoutADownload() throws IOException {
        server.file("/book.txt", TEXT, "\"1\"");
        String first = open("/book.txt").identity();
        assertThat(open("/book.txt").identity()).isEqualTo(first);
        server.file("/book.txt", TEXT, "\"2\"");
        assertThat(open("/book.txt").identity()).isNotEqualTo(first);
        assertThat(server.requests("/book.txt"))
                .extracting(FileServer.Seen::method)
                .containsOnly("HEAD");
    }

    @Test
    void fetchesAFileWhoseVersionIsNotSaid() throws IOException {
        server.file("/book.txt", TEXT, "");
        Corpus corpus = open("/book.txt");
        String identity = corpus.identity();
        assertThat(Texts.of(corpus).get(Split.TRAIN)).hasSize(TEXT.length / 10 * 9);
        byte[] changed = TEXT.clone();
        changed[0] = 'B';
        server.file("/book.txt", changed, "");
        assertThat(open("/book.txt").identity()).isNotEqualTo(identity);
    }

    @Test
    void refusesAFileThatIsChangedMeanwhile() throws IOException {
        server.file("/book.txt", TEXT, "\"1\"");
        Corpus corpus = open("/book.txt");
        server.file("/book.txt", TEXT, "\"2\"");
        assertThatThrownBy(() -> Texts.of(corpus)).hasMessageContaining("was changed while it was read");
    }

    @Test
    void sendsNoToken() throws IOException {
        server.file("/book.txt", TEXT, "\"1\"");
        Sources sources = Texts.sources("http://localhost:1", Optional.of("secret"), cache);
        Texts.of(sources.open(SourceAddress.parse(server.address() + "/book.txt"), CorpusRules.DEFAULT, folder));
        assertThat(server.requests())
                .allSatisfy(request -> assertThat(request.authorization()).isNull());
    }

    @Test
    void saysWhatIsWrong() throws IOException {
        assertThatThrownBy(() -> open("/none.txt?key=secret"))
                .hasMessageContaining("/none.txt was answered with status 404: there is no such file")
                .hasMessageNotContaining("secret");
        server.file("/book.pdf", TEXT, "\"1\"");
        assertThatThrownBy(() -> open("/book.pdf")).hasMessageContaining("of a kind that cannot be read");
        server.redirect("/loop.txt", "/loop.txt", Map.of());
        assertThatThrownBy(() -> open("/loop.txt")).hasMessageContaining("redirects more than 10 times");
        server.redirect("/away.txt", "ftp://x/y", Map.of());
        assertThatThrownBy(() -> open("/away.txt")).hasMessageContaining("\"ftp://x/y\", which is no address");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    private Corpus open(String path) throws IOException {
        return Texts.local(cache).open(SourceAddress.parse(server.address() + path), CorpusRules.DEFAULT, folder);
    }
}
