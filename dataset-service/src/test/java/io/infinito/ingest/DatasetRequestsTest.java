package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.ingest.source.FileHash;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.infinito.tokenizer.Tokenizer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(TestServers.class)
class DatasetRequestsTest {
    private static final Path WIKI = Path.of("src/test/resources/wiki").toAbsolutePath();

    private static Pipeline pipeline;

    @ConfigProperty(name = "infinito.storage.endpoint")
    String s3;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        pipeline = new Pipeline(ConfigProvider.getConfig().getValue("kafka.bootstrap.servers", String.class));
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @Test
    void preparesTheBuiltInCorpus() {
        pipeline.request("tales", "{\"source\":\"builtin:tiny-tales\"}");
        List<DatasetManifest> answers = pipeline.answers("tales");

        assertThat(answers.get(0).getState()).isEqualTo(State.PREPARING);
        DatasetManifest ready = answers.get(answers.size() - 1);
        assertThat(ready.getState()).isEqualTo(State.READY);
        assertThat(ready.getSpec().getTokenizer()).isEqualTo("gpt2");
        assertThat(ready.getVocabularySize()).isEqualTo(50_257);
        assertThat(ready.getSplitsList())
                .extracting(SplitManifest::getName)
                .containsExactly("train", "validation", "test");
        SplitManifest train = ready.getSplits(0);
        assertThat(train.getTokens()).isBetween(80_000L, 120_000L);
        assertThat(train.getShards()).isGreaterThan(8);
        String text = pipeline.pieces(ready.getDatasetId()).stream()
                .filter(piece -> piece.getSplit().equals("train"))
                .sorted(Comparator.comparing(TextPiece::getIndex))
                .map(TextPiece::getText)
                .collect(Collectors.joining());
        assertThat(text.codePointCount(0, text.length())).isEqualTo((int) train.getCharacters());
        try (Tokenizer gpt2 = Tokenizer.gpt2()) {
            assertThat(gpt2.encode(text)).hasSize((int) train.getTokens());
        }
        Map<String, TokenShard> shards = pipeline.shards(ready);
        StringBuilder hashes = new StringBuilder();
        for (int i = 0; i < train.getShards(); i++) {
            hashes.append(shards.get(ready.getDatasetId() + "/train/" + i).getSha256())
                    .append('\n');
        }
        assertThat(train.getDigest()).isEqualTo(sha256(hashes.toString()));
        assertThat(ready.getDigest())
                .isEqualTo(sha256(ready.getSplitsList().stream()
                        .map(split -> split.getName() + "\n" + split.getDigest() + "\n")
                        .collect(Collectors.joining())));
    }

    @Test
    void countsAFolderOfWikiTextAsItIsPublished() {
        pipeline.request("wiki", "{\"source\":\"file:" + WIKI + "\"}");
        DatasetManifest ready = pipeline.lastAnswer("wiki");

        assertThat(ready.getError()).isEmpty();
        assertThat(ready.getSplitsList())
                .extracting(
                        SplitManifest::getName,
                        SplitManifest::getRows,
                        SplitManifest::getNonEmptyRows,
                        SplitManifest::getCharacters)
                .containsExactly(
                        tuple("train", 91L, 45L, 3816L), tuple("validation", 9L, 4L, 127L), tuple("test", 5L, 2L, 43L));
    }

    @Test
    void answersFromTheManifestWhereTheDatasetIsReady() {
        pipeline.request(
                "first", "{\"source\":\"file:" + WIKI + "\",\"tokenizer\":\"gpt2\",\"split\":{\"testRatio\":0.2}}");
        DatasetManifest first = pipeline.lastAnswer("first");
        int pieces = pipeline.pieces(first.getDatasetId()).size();
        pipeline.request("second", "{\"source\":\"file:" + WIKI + "\"}");
        List<DatasetManifest> second = pipeline.answers("second");

        assertThat(second).extracting(DatasetManifest::getState).containsExactly(State.READY);
        assertThat(second.get(0).getDatasetId()).isEqualTo(first.getDatasetId());
        assertThat(second.get(0).getSplitsList()).isEqualTo(first.getSplitsList());
        assertThat(second.get(0).getDigest()).isEqualTo(first.getDigest());
        assertThat(pipeline.pieces(first.getDatasetId())).hasSize(pieces);
    }

    @Test
    void preparesOnceWhereTwoAskAtTheSameTime() throws IOException {
        Path file = Files.writeString(folder.resolve("twice.txt"), "A line that two ask for.\n".repeat(200));
        pipeline.request("together-1", "{\"source\":\"file:" + file + "\"}");
        pipeline.request("together-2", "{\"source\":\"file:" + file + "\"}");
        DatasetManifest first = pipeline.lastAnswer("together-1");
        DatasetManifest second = pipeline.lastAnswer("together-2");

        assertThat(first.getDigest()).isNotEmpty().isEqualTo(second.getDigest());
        assertThat(pipeline.pieces(first.getDatasetId())).hasSize(2);
    }

    @Test
    void splitsASingleFileAndTakesAChangedOneForAnotherDataset() throws IOException {
        Path file = Files.writeString(folder.resolve("one.txt"), lines(1000));
        String specification =
                "{\"source\":\"file:" + file + "\",\"split\":{\"validationRatio\":0.2,\"testRatio\":0.1}}";
        pipeline.request("whole", specification);
        DatasetManifest whole = pipeline.lastAnswer("whole");
        assertThat(whole.getSplitsList())
                .extracting(SplitManifest::getName)
                .containsExactly("train", "validation", "test");
        assertThat(whole.getSplitsList().stream()
                        .mapToLong(SplitManifest::getRows)
                        .sum())
                .isEqualTo(1000);
        assertThat(whole.getSplits(0).getCharacters()).isBetween(9_100L, 9_113L);

        Files.writeString(file, lines(1001));
        pipeline.request("changed", specification);
        assertThat(pipeline.lastAnswer("changed").getDatasetId()).isNotEqualTo(whole.getDatasetId());
    }

    @Test
    void readsParquetFromTheHub() {
        pipeline.request("hub", "{\"source\":\"hf://test/rows/plain\"}");
        DatasetManifest ready = pipeline.lastAnswer("hub");

        assertThat(ready.getError()).isEmpty();
        assertThat(ready.getSplitsList())
                .extracting(SplitManifest::getName, SplitManifest::getRows)
                .containsExactly(tuple("train", 350L), tuple("validation", 120L), tuple("test", 60L));
        assertThat(pipeline.pieces(ready.getDatasetId()).stream()
                        .filter(piece -> piece.getSplit().equals("train"))
                        .map(TextPiece::getText))
                .singleElement()
                .asString()
                .startsWith(
                        " A row that comes again in train . \n\n Row 1 of train has words of its own : naïve – 🙂 . \n\n Row 2")
                .contains(
                        " of train has words of its own : naïve – 🙂 . \n\n A row that comes again in more train . \n");
    }

    @Test
    void readsObjectsOfAnS3Server() {
        try (ObjectStore store =
                new ObjectStore(new StorageConfig(s3, "texts", "test-key", "test-secret", "us-east-1"))) {
            store.ensureBucket();
            store.put("book/train.txt", lines(300).getBytes(StandardCharsets.UTF_8));
            store.put("book/valid.txt", lines(30).getBytes(StandardCharsets.UTF_8));
            store.put("book/deeper/train.txt", "In a folder of the folder.\n".getBytes(StandardCharsets.UTF_8));
        }
        pipeline.request("s3-folder", "{\"source\":\"s3://texts/book\"}");
        assertThat(pipeline.lastAnswer("s3-folder").getSplitsList())
                .extracting(SplitManifest::getRows)
                .containsExactly(301L, 30L);
        pipeline.request("s3-object", "{\"source\":\"s3://texts/book/train.txt\"}");
        assertThat(pipeline.lastAnswer("s3-object").getSplitsList()).hasSize(2);
        pipeline.request("s3-missing", "{\"source\":\"s3://texts/nothing\"}");
        assertThat(pipeline.lastAnswer("s3-missing").getError())
                .contains("s3://texts/nothing: there is no such object");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no-source | {} | dataset.source is missing",
                "scheme | {\"source\":\"ftp://x\"} | dataset.source: \"ftp://x\" is not a source",
                "builtin | {\"source\":\"builtin:big-tales\"} | no built-in corpus \"big-tales\"",
                "missing | {\"source\":\"file:/no/such/file\"} | /no/such/file: there is no such file",
                "ratio | {\"source\":\"builtin:tiny-tales\",\"split\":{\"validationRatio\":1}} | dataset.split.validationRatio must be greater",
                "tokenizer | {\"source\":\"builtin:tiny-tales\",\"tokenizer\":\"/no.json\"} | tokenizer: \"/no.json\"",
                "hub-404 | {\"source\":\"hf://test/nothing/plain\"} | status 404",
                "hub-config | {\"source\":\"hf://test/rows/fancy\"} | no Parquet file"
            })
    void failsWithASentence(String requestId, String specification, String sentence) {
        pipeline.request(requestId, specification);
        DatasetManifest failed = pipeline.lastAnswer(requestId);
        assertThat(failed.getState()).isEqualTo(State.FAILED);
        assertThat(failed.getError()).contains(sentence);
    }

    @Test
    void failsOnFilesThatHoldNoText() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
        Path garbage =
                Files.write(folder.resolve("garbage.txt"), new byte[] {'f', 'i', 'n', 'e', '\n', (byte) 0xc3, '('});
        Path noTrain = Files.createDirectory(folder.resolve("no-train"));
        Files.writeString(noTrain.resolve("wiki.valid.raw"), "text\n");
        Path oneLine = Files.writeString(folder.resolve("one-line.txt"), "Only one line.\n");

        fails("empty", empty, "has no text in its train split");
        fails("garbage", garbage, "garbage.txt is not UTF-8 at byte 5");
        fails("no-train", noTrain, "has no train split, only validation");
        fails("one-line", oneLine, "has no text in its validation split");
    }

    @Test
    void putsWhatIsNoRequestAsideAndGoesOn() {
        pipeline.send("test.dataset.requests", "poison-1", "not JSON");
        pipeline.send("test.dataset.requests", "poison-2", "{\"dataset\":{\"sauce\":\"x\"}}");
        pipeline.request("after-poison", "{\"source\":\"file:" + WIKI + "\"}");

        assertThat(pipeline.lastAnswer("after-poison").getState()).isEqualTo(State.READY);
        assertThat(pipeline.lastAnswer("poison-1").getError())
                .contains("not JSON of infinito.dataset.v1.DatasetRequest");
        assertThat(pipeline.lastAnswer("poison-2").getError()).contains("unknown field 'sauce'");
        assertThat(pipeline.deadRequests(2))
                .hasSize(2)
                .allSatisfy(record -> assertThat(record.headers()
                                .lastHeader("dead-letter-reason")
                                .value())
                        .isNotEmpty());
    }

    private void fails(String requestId, Path source, String sentence) {
        pipeline.request(requestId, "{\"source\":\"file:" + source + "\"}");
        DatasetManifest failed = pipeline.lastAnswer(requestId);
        assertThat(failed.getState()).isEqualTo(State.FAILED);
        assertThat(failed.getError()).contains(sentence);
    }

    private static String sha256(String text) {
        return HexFormat.of().formatHex(FileHash.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String lines(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "Line %07d\n".formatted(i))
                .collect(Collectors.joining());
    }
}
