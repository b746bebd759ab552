package io.infinito.ingest.source;

import static io.infinito.ingest.source.FileServer.breakAfter;
import static io.infinito.ingest.source.FileServer.otherContent;
import static io.infinito.ingest.source.FileServer.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSourceTest {
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String DATASET = "/datasets/test/rows";
    private static final String TRAIN = "plain/train-00000-of-00001.parquet";
    private static final String VALIDATION = "plain/validation-00000-of-00001.parquet";
    private static final Path FILES = Path.of("src/test/resources/hub");

    @TempDir
    Path folder;

    private FileServer hub;
    private byte[] train;

    @BeforeEach
    void serve() throws IOException {
        train = Files.readAllBytes(FILES.resolve("train-00000-of-00002.parquet"));
        hub = new FileServer();
        hub.text("/api" + DATASET + "/revision/main", revision(TRAIN, VALIDATION));
        serve(TRAIN, train);
        serve(VALIDATION, Files.readAllBytes(FILES.resolve("validation-00000-of-00001.parquet")));
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    @Test
    void sendsTheTokenToTheHubAndToNobodyElse() throws IOException {
        hub.requireToken("secret");
        assertThat(rows(open(Optional.of("secret")))).hasSize(300 + 120);
        assertThat(hub.requests(stored(TRAIN)))
                .singleElement()
                .satisfies(request -> assertThat(request.authorization()).isNull());
        assertThatThrownBy(() -> open(Optional.of("wrong")))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("status 401")
                .hasMessageContaining("infinito.dataset.hub.token");
    }

    @Test
    void fetchesAFileOnceAndKnowsItByTheCommit() throws IOException {
        Corpus first = open(Optional.empty());
        rows(first);
        Corpus second = open(Optional.empty());
        assertThat(rows(second)).hasSize(420);
        assertThat(second.identity()).isEqualTo(first.identity()).contains(COMMIT);
        assertThat(hub.requests(stored(TRAIN))).hasSize(1);
    }

    @Test
    void identifiesADatasetWithoutADownload() throws IOException {
        open(Optional.empty()).identity();
        assertThat(hub.requests(stored(TRAIN))).isEmpty();
    }

    @Test
    void readsEveryPageOfTheListAndTakesItsHashes() throws IOException {
        String tree = "/api" + DATASET + "/tree/" + COMMIT + "/plain";
        hub.answer(tree + "?recursive=true", exchange -> {
            // A mirror that hands on the address of the hub that it mirrors.
            exchange.getResponseHeaders()
                    .set("Link", "<https://elsewhere.invalid" + tree + "?recursive=true&cursor=2>; rel=\"next\"");
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(("[" + entry(TRAIN, train) + "]").getBytes(StandardCharsets.UTF_8));
        });
        hub.text(
                tree + "?recursive=true&cursor=2",
                "[{\"type\":\"directory\",\"path\":\"plain/x\"},"
                        + entry(VALIDATION, Files.readAllBytes(FILES.resolve("validation-00000-of-00001.parquet")))
                        + "]");
        assertThat(rows(open(Optional.empty()))).hasSize(420);

        hub.text(tree + "?recursive=true", "[" + entry(TRAIN, new byte[train.length]) + "]");
        assertThatThrownBy(() -> rows(open(Optional.empty())))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("its sha256 is");
    }

    @Test
    void triesAgainWhatMayPass() throws IOException {
        hub.fail("/api" + DATASET + "/revision/main", status(503), status(429, "Retry-After", "1"));
        hub.fail(stored(TRAIN), status(500), status(502));
        long start = System.nanoTime();
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
        assertThat(hub.requests(stored(TRAIN))).hasSize(3);
    }

    @Test
    void goesOnWhereADownloadBrokeOff() throws IOException {
        String etag = "\"e-" + train.length + "\"";
        hub.fail(stored(TRAIN), breakAfter(2000, train, etag), breakAfter(1000, train, etag));
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        assertThat(hub.requests(stored(TRAIN)))
                .extracting(FileServer.Seen::range)
                .containsExactly(null, "bytes=2000-", "bytes=3000-");
    }

    @Test
    void goesOnWhereAServerFallsSilent() throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        hub.fail(stored(TRAIN), (exchange, answer) -> {
            exchange.getResponseHeaders().set("ETag", "\"e-" + train.length + "\"");
            exchange.sendResponseHeaders(200, train.length);
            exchange.getResponseBody().write(train, 0, 2000);
            exchange.getResponseBody().flush();
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        done.countDown();
        assertThat(hub.requests(stored(TRAIN)))
                .extracting(FileServer.Seen::range)
                .containsExactly(null, "bytes=2000-");
    }

    @Test
    void goesOnInAnotherProcessUnlessTheFileIsAnotherOne() throws IOException {
        String etag = "\"e-" + train.length + "\"";
        Path cached = cached(TRAIN);
        Files.createDirectories(cached.getParent());
        Files.write(cached.resolveSibling(cached.getFileName() + ".part"), Arrays.copyOf(train, 1234));
        Files.writeString(cached.resolveSibling(cached.getFileName() + ".part.etag"), etag);
        rows(open(Optional.empty()));
        assertThat(hub.requests(stored(TRAIN)))
                .extracting(FileServer.Seen::range)
                .containsExactly("bytes=1234-");

        Files.delete(cached);
        Files.write(cached.resolveSibling(cached.getFileName() + ".part"), new byte[77]);
        Files.writeString(cached.resolveSibling(cached.getFileName() + ".part.etag"), "\"another\"");
        assertThat(rows(open(Optional.empty()))).hasSize(420);
    }

    @Test
    void refusesWhatIsNotWhatTheHubSaid() {
        byte[] wrong = train.clone();
        wrong[1000] ^= 1;
        String etag = "\"e-" + train.length + "\"";
        hub.file(stored(TRAIN), wrong, etag);
        assertThatThrownBy(() -> rows(open(Optional.empty())))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("its sha256 is")
                .hasMessageContaining("retry-for");
        assertThat(cached(TRAIN)).doesNotExist();
        hub.file(stored(TRAIN), Arrays.copyOf(train, 4000), etag);
        assertThatThrownBy(() -> rows(open(Optional.empty()))).hasMessageContaining("it has 4000 bytes, not 5219");
    }

    @Test
    void getsOverBytesThatAreWrongOnce() throws IOException {
        byte[] wrong = train.clone();
        wrong[1000] ^= 1;
        hub.fail(stored(TRAIN), otherContent(wrong, "\"e-" + train.length + "\""));
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        assertThat(hub.requests(stored(TRAIN))).hasSize(2);
    }

    @Test
    void fetchesAgainWhatIsDamagedInTheCache() throws IOException {
        rows(open(Optional.empty()));
        byte[] damaged = train.clone();
        damaged[2000] ^= 1;
        Files.write(cached(TRAIN), damaged);
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        Files.write(cached(TRAIN), Arrays.copyOf(train, 3000));
        assertThat(rows(open(Optional.empty()))).hasSize(420);
        assertThat(hub.requests(stored(TRAIN))).hasSize(3);
        assertThat(Files.readAllBytes(cached(TRAIN))).isEqualTo(train);
    }

    @Test
    void fetchesOnceWhereSeveralAskAtTheSameTime() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<List<String>>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(threads.submit(() -> rows(open(Optional.empty()))));
            }
            for (Future<List<String>> one : all) {
                assertThat(one.get()).hasSize(420);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(hub.requests(stored(TRAIN))).hasSize(1);
    }

    @Test
    void takesFoldersOfSplitsAndPatternsToo() throws IOException {
        hub.text(
                "/api" + DATASET + "/revision/refs%2Fconvert%2Fparquet",
                revision("plain/train/0000.parquet", "plain/test/0000.parquet", "other/train/0000.parquet"));
        serve("plain/train/0000.parquet", train);
        serve("plain/test/0000.parquet", Files.readAllBytes(FILES.resolve("test-00000-of-00001.parquet")));
        SourceAddress address = SourceAddress.parse("hf://test/rows/plain@refs/convert/parquet");
        Corpus corpus = sources(Optional.empty()).open(address, CorpusRules.DEFAULT, folder);
        assertThat(Texts.of(corpus)).containsOnlyKeys(Split.TRAIN, Split.VALIDATION, Split.TEST);
        SplitRules patterns = new SplitRules(
                SplitRatio.DEFAULT,
                List.of(new PathGlob("x", "test/*.parquet")),
                List.of(new PathGlob("x", "train/*.parquet")),
                List.of());
        Map<Split, String> turned =
                Texts.of(sources(Optional.empty()).open(address, CorpusRules.DEFAULT.withSplits(patterns), folder));
        assertThat(turned.get(Split.TRAIN)).contains("of test has");
        assertThat(turned.get(Split.VALIDATION)).contains("of train has");
    }

    @Test
    void saysWhatThereIsInstead() {
        assertThatThrownBy(() -> sources(Optional.empty())
                        .open(SourceAddress.parse("hf://test/rows/fancy"), CorpusRules.DEFAULT, folder))
                .hasMessage("dataset.source: hf://test/rows/fancy@main has no Parquet file in fancy/, but in plain");
        assertThatThrownBy(() -> sources(Optional.empty())
                        .open(SourceAddress.parse("hf://test/none/plain"), CorpusRules.DEFAULT, folder))
                .hasMessageContaining("status 404: there is no such dataset, revision or file");
    }

    @Test
    void givesUpWithAReason() throws IOException {
        Sources nowhere = Texts.local(folder);
        assertThatThrownBy(() -> nowhere.open(SourceAddress.parse("wikitext-2-raw-v1"), CorpusRules.DEFAULT, folder))
                .isInstanceOf(SourceException.class)
                .hasMessageContaining("Salesforce/wikitext")
                .hasMessageContaining("ConnectException");
        hub.fail("/api" + DATASET + "/revision/main", status(429, "Retry-After", "3600"));
        assertThatThrownBy(() -> open(Optional.empty())).hasMessageContaining("the server asks to wait for 3600 s");
        hub.fail("/api" + DATASET + "/revision/main", (exchange, answer) -> {
            exchange.getResponseHeaders().set("Location", "/api" + DATASET + "/revision/main");
            exchange.sendResponseHeaders(302, -1);
        });
        assertThat(rows(open(Optional.empty()))).hasSize(420);
    }

    private Corpus open(Optional<String> token) throws IOException {
        return sources(token).open(SourceAddress.parse("hf://test/rows/plain"), CorpusRules.DEFAULT, folder);
    }

    private Sources sources(Optional<String> token) {
        return Texts.sources(hub.address(), token, folder);
    }

    /** Large files are elsewhere, under another name of the server. */
    private void serve(String path, byte[] content) {
        hub.redirect(
                DATASET + "/resolve/" + COMMIT + "/" + path,
                hub.otherAddress() + stored(path) + "?signature=x",
                Map.of(
                        "X-Linked-Etag",
                        "\"" + sha256(content) + "\"",
                        "X-Linked-Size",
                        Integer.toString(content.length)));
        hub.file(stored(path), content, "\"e-" + content.length + "\"");
    }

    private static String stored(String path) {
        return "/store/" + path.replace('/', '-');
    }

    private Path cached(String path) {
        return folder.resolve("hub" + DATASET).resolve(COMMIT).resolve(path);
    }

    private static String entry(String path, byte[] content) {
        return "{\"type\":\"file\",\"path\":\"%s\",\"size\":%d,\"lfs\":{\"oid\":\"%s\",\"size\":%d}}"
                .formatted(path, content.length, sha256(content), content.length);
    }

    private static String revision(String... paths) {
        return "{\"sha\":\"%s\",\"siblings\":[{\"rfilename\":\"README.md\"},%s]}"
                .formatted(
                        COMMIT,
                        String.join(
                                ",",
                                Stream.of(paths)
                                        .map(path -> "{\"rfilename\":\"" + path + "\"}")
                                        .toList()));
    }

    private static String sha256(byte[] content) {
        return HexFormat.of().formatHex(FileHash.sha256().digest(content));
    }

    private static List<String> rows(Corpus corpus) throws IOException {
        List<String> rows = new ArrayList<>();
        corpus.read((split, run) -> rows.add(run.text()));
        return rows;
    }
}
