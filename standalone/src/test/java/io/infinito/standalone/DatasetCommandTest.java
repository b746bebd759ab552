package io.infinito.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.infinito.dataset.DatasetDigest;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import io.infinito.events.TopicSetup;
import io.infinito.tokenizer.Vocabulary;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as a user runs them, with a broker whose topics the test fills. */
class DatasetCommandTest {
    private static final String ID = "1f" + "0".repeat(62);
    private static final int THE = 262;
    private static final int CAT = 3797;
    private static final int LINE_FEED = 198;

    private static EmbeddedProcess broker;

    @TempDir
    static Path brokerDir;

    @TempDir
    Path cache;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private final PrintStream systemOut = System.out;
    private final InputStream systemIn = System.in;
    private String prefix;
    private KafkaProducer<String, byte[]> producer;

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedProcess.broker(brokerDir, 0);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void makeTopics() {
        prefix = UUID.randomUUID() + ".";
        TopicSetup.ensure(
                broker.address(),
                prefix,
                Set.of(Topic.DATASET_REQUESTS, Topic.DATASETS, Topic.DATASET_SHARDS),
                Set.of(),
                Duration.ofSeconds(30));
        producer = new KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", broker.address()),
                new StringSerializer(),
                new ByteArraySerializer());
        System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(systemOut);
        System.setIn(systemIn);
        System.clearProperty("infinito.terminal");
        producer.close();
    }

    @Test
    void listShowsEveryDatasetAndTheReasonOfAFailure() throws Exception {
        assertThat(infinito("list")).isZero();
        assertThat(out()).contains("There are no datasets yet");
        publish(ready());
        publish(DatasetManifest.newBuilder()
                .setDatasetId("abc")
                .setState(State.FAILED)
                .setError("source='file:/x' does not exist")
                .setUpdatedAt("2026-11-23T12:00:01Z")
                .build());
        assertThat(infinito("list")).isZero();
        assertThat(out())
                .contains("1f0000000000  READY      file:/texts/cats.txt")
                .contains("abc           FAILED")
                .contains("  source='file:/x' does not exist");
        assertThat(infinito("list", "--json")).isZero();
        assertThat(out().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"datasetId\":"));
    }

    @Test
    void showHasCountsAndTheMostFrequentTokens() throws Exception {
        publish(ready());
        assertThat(infinito("show", "1f", "--context", "4")).isZero();
        assertThat(out())
                .contains("dataset    " + ID)
                .contains("tokenizer  gpt2, 50257 ids, sha256 ")
                .containsPattern("train +10 +9 +40 +41 +8 +9 +2 +0\\.2250 +2")
                .containsPattern("test +0 +0 +0 +0 +0 +0 +0 +- +0")
                .contains("3 of 50,257 tokens of the vocabulary occur")
                .containsPattern(THE + " +5 +50\\.00 %  \" the\"")
                .containsPattern(LINE_FEED + " +1 +10\\.00 %  \"\\\\n\"");
        assertThat(infinito("show", ID, "--json")).isZero();
        JsonNode shown = new ObjectMapper().readTree(out());
        assertThat(shown.at("/manifest/datasetId").asText()).isEqualTo(ID);
        assertThat(shown.at("/frequentTokens/0/text").asText()).isEqualTo(" the");
        assertThat(shown.at("/frequentTokens/1/count").asInt()).isEqualTo(4);
        assertThat(shown.at("/splits/0/tokensPerCharacter").asDouble()).isEqualTo(0.225);
    }

    @Test
    void showOfATokenizerThatIsNotHereHasNumbersOnly() throws Exception {
        DatasetManifest.Builder elsewhere = ready().toBuilder();
        elsewhere.getSpecBuilder().setTokenizer("/nowhere/tokenizer.json");
        publish(elsewhere.build());
        assertThat(infinito("show", "1f")).isZero();
        assertThat(out())
                .contains("/nowhere/tokenizer.json cannot be read on this machine")
                .contains("50.00 %");
        assertThat(infinito("head", "1f")).isEqualTo(1);
        assertThat(err.toString()).contains("tokens cannot be shown as text");
    }

    @Test
    void aTokenizerFileOfAnotherContentIsNotTaken() throws Exception {
        Path other = Files.writeString(cache.resolve("other.json"), """
                {"model":{"vocab":{"a":0}},"decoder":{"type":"ByteLevel"}}""");
        DatasetManifest.Builder manifest = ready().toBuilder();
        manifest.getSpecBuilder().setTokenizer(other.toString());
        publish(manifest.build());
        assertThat(infinito("head", "1f")).isEqualTo(1);
        assertThat(err.toString()).contains("but the dataset was made with");
    }

    @Test
    void headDecodesTheFirstShard() throws Exception {
        publish(ready());
        assertThat(infinito("head", "1f", "--tokens", "3")).isZero();
        assertThat(out()).isEqualTo(" the cat the\n");
        assertThat(infinito("head", "1f", "--split", "validation", "--json")).isZero();
        assertThat(out()).contains("\"text\":\"\\n\"").contains("\"ids\":[198]");
        assertThat(infinito("head", "1f", "--split", "other")).isEqualTo(2);
        assertThat(err.toString()).contains("has no other split, but [train, validation, test]");
        assertThat(infinito("head", "1f", "--split", "test")).isEqualTo(2);
        assertThat(infinito("head", "1f", "--tokens", "0")).isEqualTo(2);
    }

    @Test
    void verifySaysOkOrWhatIsWrong() throws Exception {
        publish(ready());
        assertThat(infinito("verify", "1f")).isZero();
        assertThat(out()).contains("OK: 3 shards, 10 tokens, digest " + ready().getDigest());
        publish(ready().toBuilder()
                .setVocabularySize(100_000)
                .setState(State.READY)
                .build());
        assertThat(infinito("verify", "1f", "--json")).isEqualTo(1);
        assertThat(out()).contains("\"ok\":false");
        assertThat(err.toString()).contains("has ids of 2 bytes, not 4");
    }

    @Test
    void unknownAmbiguousAndUnfinishedDatasetsAreExplained() throws Exception {
        publish(ready());
        publish(ready().toBuilder()
                .setDatasetId("1e")
                .setState(State.PREPARING)
                .clearDigest()
                .build());
        assertThat(infinito("show", "2")).isEqualTo(1);
        assertThat(err.toString()).contains("there is no dataset '2'").contains("dataset list");
        assertThat(infinito("show", "1")).isEqualTo(1);
        assertThat(err.toString()).contains("'1' is the beginning of 2 ids");
        assertThat(infinito("verify", "1e")).isEqualTo(1);
        assertThat(err.toString()).contains("dataset 1e is PREPARING");
        assertThat(infinito("show", "1e")).isZero();
        assertThat(out()).contains("progress   preparing");
    }

    @Test
    void deleteAsksAndThenTakesEverythingAway() throws Exception {
        publish(ready());
        assertThat(infinito("show", "1f")).isZero();
        assertThat(infinito("delete", "1f")).isEqualTo(1);
        assertThat(err.toString()).contains("give --yes");
        System.setProperty("infinito.terminal", "true");
        System.setIn(new ByteArrayInputStream("n\n".getBytes(StandardCharsets.UTF_8)));
        assertThat(infinito("delete", "1f")).isEqualTo(1);
        assertThat(out()).contains("Delete dataset " + ID + " of file:/texts/cats.txt? [y/N]");
        System.setIn(new ByteArrayInputStream("y\n".getBytes(StandardCharsets.UTF_8)));
        assertThat(infinito("delete", "1f")).isZero();
        assertThat(out()).contains("its manifest, 3 shards and the token files here");
        assertThat(cache.resolve(ready().getDigest())).doesNotExist();
        assertThat(infinito("show", "1f")).isEqualTo(1);
        assertThat(infinito("delete", "1f", "--yes")).isEqualTo(1);
    }

    @Test
    void prepareWithoutWaitingSendsTheRequest() throws Exception {
        assertThat(infinito("prepare", "file:/texts", "--json")).isZero();
        DatasetRequest request = request();
        assertThat(out()).isEqualTo("{\"request\":" + ProtoJson.print(request) + "}\n");
        assertThat(request.getDataset().getSource()).isEqualTo("file:/texts");
    }

    @Test
    void prepareWaitsForTheManifest() throws Exception {
        DatasetManifest manifest = ready();
        CompletableFuture<Integer> exit =
                CompletableFuture.supplyAsync(() -> infinito("prepare", "file:/texts/cats.txt", "--wait"));
        String requestId = request().getRequestId();
        publish(manifest.toBuilder()
                .setRequestId(requestId)
                .setState(State.PREPARING)
                .build());
        publish(manifest.toBuilder().setRequestId(requestId).build());
        assertThat(exit.get()).isZero();
        assertThat(out())
                .contains("is submitted: file:/texts/cats.txt")
                .contains("Dataset " + ID + " is ready.")
                .containsPattern("train +10");
    }

    @Test
    void prepareWithJsonEndsWithTheManifest() throws Exception {
        CompletableFuture<Integer> exit =
                CompletableFuture.supplyAsync(() -> infinito("prepare", "file:/x", "--wait", "--json"));
        DatasetManifest failed = DatasetManifest.newBuilder()
                .setRequestId(request().getRequestId())
                .setState(State.FAILED)
                .setError("source='file:/x' does not exist")
                .build();
        publish(failed);
        assertThat(exit.get()).isEqualTo(1);
        assertThat(out().lines().toList()).last().isEqualTo(ProtoJson.print(failed));
        assertThat(err.toString()).isEqualTo("infinito: source='file:/x' does not exist\n");
    }

    @Test
    void optionsBecomeASpecification() throws Exception {
        Path tokenizer = Files.createFile(cache.resolve("tokenizer.json"));
        assertThat(spec(
                        "file:some/../*.jsonl",
                        "--tokenizer=" + tokenizer,
                        "--validation-ratio=0.2",
                        "--test-ratio=0.1",
                        "--train=a*",
                        "--train=b*",
                        "--validation=c",
                        "--test=d",
                        "--text-field=body",
                        "--separator=<|endoftext|>",
                        "--encoding-errors=replace"))
                .isEqualTo(ProtoJson.parse(
                                "{'source':'file:" + Path.of("").toAbsolutePath() + "/*.jsonl',"
                                        + "'tokenizer':'" + tokenizer
                                        + "','split':{'validationRatio':0.2,'testRatio':0.1,"
                                        + "'train':['a*','b*'],'validation':['c'],'test':['d']},'textField':'body',"
                                        + "'documentSeparator':'<|endoftext|>','encodingErrors':'REPLACE'}",
                                DatasetSpec.newBuilder())
                        .build());
        assertThat(spec("wikitext-2-raw-v1"))
                .isEqualTo(
                        DatasetSpec.newBuilder().setSource("wikitext-2-raw-v1").build());
        assertThat(infinito("prepare", "x", "--validation-ratio", "1.5")).isEqualTo(2);
        assertThat(err.toString()).contains("--validation-ratio 1.5: must be a share");
    }

    @Test
    void everyCommandExplainsItself() {
        for (String command : List.of("prepare", "list", "show", "head", "verify", "delete")) {
            StringWriter help = new StringWriter();
            assertThat(Infinito.commandLine().setOut(new PrintWriter(help)).execute("dataset", command, "--help"))
                    .isZero();
            assertThat(help.toString())
                    .contains("Usage: infinito dataset " + command)
                    .contains("--json");
        }
        assertThat(Infinito.commandLine().setErr(new PrintWriter(err)).execute("dataset"))
                .isEqualTo(2);
    }

    private static DatasetSpec spec(String... args) {
        DatasetPrepareCommand command = new DatasetPrepareCommand();
        new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        return command.spec();
    }

    private int infinito(String... args) {
        List<String> all = new ArrayList<>(List.of("dataset"));
        Collections.addAll(all, args);
        Collections.addAll(all, "--kafka", broker.address(), "--topics-prefix", prefix, "--cache", cache.toString());
        return Infinito.commandLine().setErr(new PrintWriter(err)).execute(all.toArray(String[]::new));
    }

    /** What was written since the last call. */
    private String out() {
        String text = written.toString(StandardCharsets.UTF_8);
        written.reset();
        return text;
    }

    /** A dataset of ten tokens, whose shards are in the topic when this returns. */
    private DatasetManifest ready() throws Exception {
        List<TokenShard> train =
                List.of(shard("train", 0, THE, CAT, THE, CAT, THE), shard("train", 1, CAT, THE, CAT, THE));
        List<TokenShard> validation = List.of(shard("validation", 0, LINE_FEED));
        DatasetManifest.Builder manifest = DatasetManifest.newBuilder()
                .setDatasetId(ID)
                .setState(State.READY)
                .setSpec(DatasetSpec.newBuilder().setSource("file:/texts/cats.txt"))
                .setTokenizerSha256(Vocabulary.gpt2().sha256())
                .setVocabularySize(50_257)
                .setUpdatedAt("2026-11-23T12:00:00Z")
                .addSplits(split("train", train)
                        .setRows(10)
                        .setNonEmptyRows(9)
                        .setCharacters(40)
                        .setBytes(41)
                        .setWords(8))
                .addSplits(split("validation", validation))
                .addSplits(split("test", List.of()));
        for (int partition = 0; partition < 4; partition++) {
            manifest.addRanges(ShardRange.newBuilder().setPartition(partition));
        }
        return manifest.setDigest(DatasetDigest.of(manifest.getSplitsList())).build();
    }

    private static SplitManifest.Builder split(String name, List<TokenShard> shards) {
        DatasetDigest digest = new DatasetDigest();
        shards.forEach(shard -> digest.add(HexFormat.of().parseHex(shard.getSha256())));
        return SplitManifest.newBuilder()
                .setName(name)
                .setShards(shards.size())
                .setTokens(shards.stream().mapToInt(TokenShard::getTokens).sum())
                .setDigest(digest.hex());
    }

    private TokenShard shard(String split, int index, int... ids) throws Exception {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            bytes.putShort((short) id);
        }
        TokenShard shard = TokenShard.newBuilder()
                .setDatasetId(ID)
                .setSplit(split)
                .setIndex(index)
                .setParts(1)
                .setIdWidth(Short.BYTES)
                .setIds(ByteString.copyFrom(bytes.array()))
                .setTokens(ids.length)
                .setSha256(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array())))
                .build();
        producer.send(new ProducerRecord<>(
                        Topic.DATASET_SHARDS.name(prefix), ID + "/" + split + "/" + index, shard.toByteArray()))
                .get();
        return shard;
    }

    private void publish(DatasetManifest manifest) throws Exception {
        producer.send(new ProducerRecord<>(
                        Topic.DATASETS.name(prefix),
                        manifest.getDatasetId().isEmpty() ? manifest.getRequestId() : manifest.getDatasetId(),
                        ProtoJson.print(manifest).getBytes(StandardCharsets.UTF_8)))
                .get();
    }

    /** The only request in the topic, once it is there. */
    private DatasetRequest request() throws Exception {
        try (KafkaConsumer<String, byte[]> consumer = TopicReader.open(Map.of("bootstrap.servers", broker.address()))) {
            consumer.assign(TopicReader.partitions(consumer, Topic.DATASET_REQUESTS.name(prefix)));
            List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
                return !records.isEmpty();
            });
            return ProtoJson.parse(
                            new String(records.get(0).value(), StandardCharsets.UTF_8), DatasetRequest.newBuilder())
                    .build();
        }
    }
}
