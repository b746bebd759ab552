package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.ingest.source.FileHash;
import io.infinito.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.WakeupException;
import org.awaitility.Awaitility;

/** What stands around the dataset service: a tokenizer that answers in the wrong order, and someone who asks for datasets. */
final class Pipeline implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final KafkaClients clients;
    private final KafkaProducer<String, byte[]> producer;
    private final KafkaConsumer<String, byte[]> texts;
    private final Tokenizer gpt2 = Tokenizer.gpt2();
    private volatile boolean paused;
    private final Queue<TextPiece> pieces = new ConcurrentLinkedQueue<>();
    private final Thread tokenizing = new Thread(this::tokenize, "test-tokenizer");

    Pipeline(String brokers) {
        clients = new KafkaClients(Map.of("bootstrap.servers", brokers));
        producer = clients.producer();
        texts = clients.consumerOf("test.dataset.texts");
        texts.seekToEnd(texts.assignment());
        texts.assignment().forEach(texts::position);
        tokenizing.start();
    }

    /** The pieces that were seen of a dataset. */
    List<TextPiece> pieces(String datasetId) {
        return pieces.stream()
                .filter(piece -> piece.getDatasetId().equals(datasetId))
                .toList();
    }

    void request(String requestId, String specification) {
        send("test.dataset.requests", requestId, "{\"dataset\":" + specification + "}");
    }

    void send(String topic, String key, String value) {
        try {
            producer.send(new ProducerRecord<>(topic, key, value.getBytes(StandardCharsets.UTF_8)))
                    .get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    void delete(String datasetId) {
        try {
            producer.send(new ProducerRecord<>("test.datasets", datasetId, null))
                    .get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** The manifests that answered a request, up to the one that is READY or FAILED. */
    List<DatasetManifest> answers(String requestId) {
        return answers(
                requestId,
                answers -> answers.stream()
                        .map(DatasetManifest::getState)
                        .anyMatch(state -> state == State.READY || state == State.FAILED));
    }

    /** The manifests that answered a request, up to when there are enough of them. */
    List<DatasetManifest> answers(String requestId, Predicate<List<DatasetManifest>> enough) {
        List<DatasetManifest> answers = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> manifests = clients.consumerOf("test.datasets")) {
            manifests.seekToBeginning(manifests.assignment());
            Awaitility.await().atMost(TIMEOUT).pollInSameThread().untilAsserted(() -> {
                manifests.poll(Duration.ofMillis(100)).forEach(record -> {
                    DatasetManifest manifest =
                            record.value() == null ? DatasetManifest.getDefaultInstance() : parse(record);
                    if (manifest.getRequestId().equals(requestId)) {
                        assertThat(record.key())
                                .isEqualTo(manifest.getDatasetId().isEmpty() ? requestId : manifest.getDatasetId());
                        answers.add(manifest);
                    }
                });
                assertThat(enough.test(answers)).as("%s", answers).isTrue();
            });
        }
        return answers;
    }

    DatasetManifest lastAnswer(String requestId) {
        List<DatasetManifest> answers = answers(requestId);
        return answers.get(answers.size() - 1);
    }

    /** The latest shards of a dataset by their keys, read from where its manifest says. */
    Map<String, TokenShard> shards(DatasetManifest manifest) {
        Map<String, TokenShard> found = new TreeMap<>();
        int expected = manifest.getSplitsList().stream()
                .mapToInt(SplitManifest::getShards)
                .sum();
        try (KafkaConsumer<String, byte[]> shards = clients.consumerOf("test.dataset.shards")) {
            manifest.getRangesList()
                    .forEach(range -> shards.seek(
                            new TopicPartition("test.dataset.shards", range.getPartition()), range.getFirstOffset()));
            Awaitility.await().atMost(TIMEOUT).pollInSameThread().until(() -> {
                for (ConsumerRecord<String, byte[]> record : shards.poll(Duration.ofMillis(100))) {
                    if (record.key().startsWith(manifest.getDatasetId() + "/")) {
                        found.put(record.key(), TokenShard.parseFrom(record.value()));
                    }
                }
                return found.size() >= expected;
            });
        }
        return found;
    }

    /** Writes a manifest as another replica of the service would. */
    void publish(DatasetManifest manifest) {
        send("test.datasets", manifest.getDatasetId(), ProtoJson.print(manifest));
    }

    /** Answers no piece any more, or all of them again. */
    void pauseTokenizing(boolean newPaused) {
        paused = newPaused;
    }

    /** Cuts off the beginning of the shards' topic, as a retention would. */
    void removeAllShards() {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "test.dataset.shards");
        try (Admin admin = clients.admin();
                KafkaConsumer<String, byte[]> shards = clients.consumerOf("test.dataset.shards")) {
            for (String policy : List.of("delete", "compact")) {
                admin.incrementalAlterConfigs(Map.of(
                                topic,
                                List.of(new AlterConfigOp(
                                        new ConfigEntry("cleanup.policy", policy), AlterConfigOp.OpType.SET))))
                        .all()
                        .get();
                if (policy.equals("delete")) {
                    admin.deleteRecords(shards.endOffsets(shards.assignment()).entrySet().stream()
                                    .collect(Collectors.toMap(
                                            Map.Entry::getKey, end -> RecordsToDelete.beforeOffset(end.getValue()))))
                            .all()
                            .get();
                }
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    List<ConsumerRecord<String, byte[]>> deadRequests(int count) {
        List<ConsumerRecord<String, byte[]>> dead = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> letters = clients.consumerOf("test.dataset.requests.dlq")) {
            letters.seekToBeginning(letters.assignment());
            Awaitility.await().atMost(TIMEOUT).pollInSameThread().until(() -> {
                letters.poll(Duration.ofMillis(100)).forEach(dead::add);
                return dead.size() >= count;
            });
        }
        return dead;
    }

    @Override
    public void close() {
        texts.wakeup();
        try {
            tokenizing.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close();
        gpt2.close();
    }

    private void tokenize() {
        try (texts) {
            List<TextPiece> held = new ArrayList<>();
            while (true) {
                for (ConsumerRecord<String, byte[]> record : texts.poll(Duration.ofMillis(100))) {
                    TextPiece piece = TextPiece.parseFrom(record.value());
                    pieces.add(piece);
                    held.add(piece);
                }
                if (!paused) {
                    Collections.reverse(held);
                    for (TextPiece piece : held) {
                        String key = piece.getDatasetId() + "/" + piece.getSplit() + "/" + piece.getIndex();
                        producer.send(new ProducerRecord<>(
                                        "test.dataset.shards", key, shard(piece).toByteArray()))
                                .get();
                    }
                    held.clear();
                }
            }
        } catch (WakeupException e) {
            // Closed.
        } catch (InvalidProtocolBufferException | InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private TokenShard shard(TextPiece piece) {
        TokenShard.Builder shard = TokenShard.newBuilder()
                .setDatasetId(piece.getDatasetId())
                .setSplit(piece.getSplit())
                .setIndex(piece.getIndex())
                .setAttempt(piece.getAttempt());
        if (!piece.getTokenizer().equals("gpt2")) {
            return shard.setError("tokenizer: \"" + piece.getTokenizer() + "\": no such file")
                    .build();
        }
        int[] ids = gpt2.encode(piece.getText());
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            bytes.putShort((short) id);
        }
        return shard.setIdWidth(Short.BYTES)
                .setIds(ByteString.copyFrom(bytes.array()))
                .setTokens(ids.length)
                .setParts(1)
                .setCharacters(piece.getText().codePointCount(0, piece.getText().length()))
                .setSha256(HexFormat.of().formatHex(FileHash.sha256().digest(bytes.array())))
                .setTokenizerSha256(gpt2.sha256())
                .setVocabularySize(gpt2.vocabularySize())
                .build();
    }

    private static DatasetManifest parse(ConsumerRecord<String, byte[]> record) {
        try {
            return ProtoJson.parse(new String(record.value(), StandardCharsets.UTF_8), DatasetManifest.newBuilder())
                    .build();
        } catch (InvalidJsonException e) {
            throw new AssertionError(e);
        }
    }
}
