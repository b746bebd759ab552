package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.DatasetClient;
import io.infinito.dataset.DatasetFailedException;
import io.infinito.dataset.ShardProgress;
import io.infinito.dataset.ShardReader;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever process dies while a dataset is prepared: it is completed with the tokens of an undisturbed run. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DatasetRecoveryIT {
    private static final int LINES = 40_000;

    @TempDir
    static Path folder;

    private static Services pipeline;
    private static DatasetManifest undisturbed;

    @BeforeAll
    static void prepareUndisturbed() throws Exception {
        pipeline = new Services(folder);
        pipeline.start("tokenizer-1");
        pipeline.start("dataset-1");
        writeLines(corpus(), LINES, 1);
        undisturbed = prepare(corpus()).get();
        assertThat(shards(undisturbed)).isGreaterThan(100);
    }

    @AfterAll
    static void close() throws InterruptedException {
        if (pipeline != null) {
            pipeline.close();
        }
    }

    @ParameterizedTest(name = "{0}, seed {1}")
    @CsvSource({
        "dataset-1, 11",
        "dataset-1, 12",
        "tokenizer-1, 21",
        "tokenizer-1, 22",
        "broker, 31",
        "broker, 32",
    })
    void aKilledProcessChangesNothing(String victim, long seed) throws Exception {
        new DatasetCatalog(pipeline.topics()).delete(undisturbed);
        long before = pipeline.written("dataset.shards");
        long moment = before + 1 + new Random(seed).nextInt(shards(undisturbed) - 10);
        CompletableFuture<DatasetManifest> again = prepare(corpus());
        Awaitility.await()
                .pollInterval(10, TimeUnit.MILLISECONDS)
                .atMost(1, TimeUnit.MINUTES)
                .until(() -> pipeline.written("dataset.shards") >= moment);
        pipeline.kill(victim);
        pipeline.start(victim);

        assertSame(again.get());
    }

    @Test
    void tokenizersThatComeAndGoChangeNothing() throws Exception {
        new DatasetCatalog(pipeline.topics()).delete(undisturbed);
        long before = pipeline.written("dataset.shards");
        CompletableFuture<DatasetManifest> again = prepare(corpus());
        Awaitility.await().until(() -> pipeline.written("dataset.shards") > before);
        pipeline.start("tokenizer-2");
        pipeline.start("tokenizer-3");
        pipeline.kill("tokenizer-2");
        pipeline.stop("tokenizer-3");

        assertSame(again.get());
    }

    @Test
    void twoReplicasPrepareTheSameDatasetOnce() throws Exception {
        pipeline.start("dataset-2");
        Path text = folder.resolve("once.txt");
        writeLines(text, LINES / 4, 2);
        long before = pipeline.written("dataset.texts");
        CompletableFuture<DatasetManifest> first = prepare(text);
        CompletableFuture<DatasetManifest> second = prepare(text);
        CompletableFuture<DatasetManifest> third = prepare(text);

        assertThat(second.get().getDigest()).isEqualTo(first.get().getDigest());
        assertThat(third.get().getDigest()).isEqualTo(first.get().getDigest());
        long together = pipeline.written("dataset.texts") - before;
        pipeline.stop("dataset-2");
        new DatasetCatalog(pipeline.topics()).delete(first.get());
        assertThat(prepare(text).get().getDigest()).isEqualTo(first.get().getDigest());
        assertThat(pipeline.written("dataset.texts") - before).isEqualTo(2 * together);
    }

    @Test
    void aPieceThatCannotBeReadFailsItsDatasetAndNothingElse() throws Exception {
        Path good = folder.resolve("good.txt");
        writeLines(good, LINES / 8, 3);
        Path poisoned = folder.resolve("poisoned.txt");
        writeLines(poisoned, LINES, 4);
        CompletableFuture<String> id = new CompletableFuture<>();
        CompletableFuture<DatasetManifest> fails = prepare(poisoned, id);
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", pipeline.brokers()), new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                            "dataset.texts",
                            id.get() + "/train/7",
                            "no piece of text".getBytes(StandardCharsets.UTF_8)))
                    .get();
        }

        assertThatThrownBy(fails::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(DatasetFailedException.class)
                .hasMessageContaining("piece 7 of train could not be tokenized: not a TextPiece");
        assertThat(pipeline.written("dataset.texts.dlq")).isEqualTo(1);
        DatasetManifest other = prepare(good).get();
        assertThat(new ShardReader(pipeline.topics()).verify(other, ShardProgress.SILENT, () -> false))
                .isTrue();
        // Asked for again, it is prepared anew.
        assertThat(prepare(poisoned).get().getAttempt()).isEqualTo(2);
    }

    private static void assertSame(DatasetManifest again) {
        assertThat(again.getDigest()).isEqualTo(undisturbed.getDigest());
        assertThat(again.getSplitsList()).isEqualTo(undisturbed.getSplitsList());
        assertThat(new ShardReader(pipeline.topics()).verify(again, ShardProgress.SILENT, () -> false))
                .isTrue();
    }

    private static CompletableFuture<DatasetManifest> prepare(Path text) {
        return prepare(text, new CompletableFuture<>());
    }

    private static CompletableFuture<DatasetManifest> prepare(Path text, CompletableFuture<String> id) {
        DatasetRequest request = DatasetClient.request(
                DatasetSpec.newBuilder().setSource("file:" + text).build());
        DatasetClient client = new DatasetClient(pipeline.topics(), "test");
        return CompletableFuture.supplyAsync(() -> {
            Optional<DatasetManifest> ready =
                    client.prepare(request, progress -> id.complete(progress.getDatasetId()), () -> false);
            return ready.orElseThrow();
        });
    }

    private static int shards(DatasetManifest manifest) {
        return manifest.getSplitsList().stream()
                .mapToInt(split -> split.getShards())
                .sum();
    }

    private static Path corpus() {
        return folder.resolve("corpus.txt");
    }

    private static void writeLines(Path file, int lines, long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append("Line ").append(i).append(" has the number ").append(random.nextInt());
            text.append(" and no other .\n");
        }
        Files.writeString(file, text);
    }
}
