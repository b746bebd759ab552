package io.infinito.tokenize;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.tokenizer.Tokenizer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(KafkaBroker.class)
class TextPiecesTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    @ConfigProperty(name = "kafka.bootstrap.servers")
    String brokers;

    @Test
    void makesAShardUnderTheKeyOfEachPiece() {
        int pieces = 40;
        try (KafkaProducer<String, byte[]> texts = producer();
                Tokenizer gpt2 = Tokenizer.gpt2()) {
            for (int i = 0; i < pieces; i++) {
                send(texts, record("many", i, "Piece number " + i + "."));
            }
            Map<String, ConsumerRecord<String, byte[]>> shards = new HashMap<>();
            read("test.dataset.shards", "many/", pieces).forEach(record -> shards.put(record.key(), record));
            for (int i = 0; i < pieces; i++) {
                TokenShard shard = parse(shards.get("many/train/" + i));
                assertThat(shard.getIndex()).isEqualTo(i);
                assertThat(shard.getTokens()).isEqualTo(gpt2.encode("Piece number " + i + ".").length);
            }
        }
    }

    @Test
    void givesTheSameRecordForAPieceThatIsSeenTwice() {
        try (KafkaProducer<String, byte[]> texts = producer()) {
            send(texts, record("twice", 0, "The same text."));
            send(texts, record("twice", 0, "The same text."));
            List<ConsumerRecord<String, byte[]>> shards = read("test.dataset.shards", "twice/", 2);
            assertThat(shards.get(0).value()).isEqualTo(shards.get(1).value());
            for (ConsumerRecord<String, byte[]> shard : shards) {
                assertThat(header(shard, "ce_id")).isEqualTo("twice/train/0");
                assertThat(header(shard, "ce_type")).isEqualTo("infinito.dataset.v1.TokenShard");
                assertThat(header(shard, "ce_source")).isEqualTo("/infinito/tokenizer-service");
                assertThat(header(shard, "content-type")).isEqualTo("application/protobuf");
            }
        }
    }

    @Test
    void putsWhatIsNoPieceAsideWithTheReasonAndGoesOn() {
        try (KafkaProducer<String, byte[]> texts = producer()) {
            send(texts, new ProducerRecord<>("test.dataset.texts", 0, "poison/1", "not a piece".getBytes(UTF_8)));
            send(texts, new ProducerRecord<>("test.dataset.texts", 0, "poison/2", new byte[0]));
            send(texts, new ProducerRecord<>("test.dataset.texts", 0, "poison/3", null));
            send(
                    texts,
                    new ProducerRecord<>(
                            "test.dataset.texts",
                            0,
                            "good/train/0",
                            piece("good", 0, "Fine.").toByteArray()));

            assertThat(read("test.dataset.shards", "good/", 1)).hasSize(1);
            List<ConsumerRecord<String, byte[]>> dead = read("test.dataset.texts.dlq", "poison/", 3);
            assertThat(dead)
                    .extracting(ConsumerRecord::key)
                    .containsExactlyInAnyOrder("poison/1", "poison/2", "poison/3");
            Map<String, String> reasons = new HashMap<>();
            dead.forEach(record -> reasons.put(record.key(), header(record, "dead-letter-reason")));
            assertThat(reasons.get("poison/1")).contains("not a TextPiece");
            assertThat(reasons.get("poison/2")).contains("dataset_id \"\"");
            assertThat(reasons.get("poison/3")).contains("no value");
        }
    }

    @Test
    void answersUnderTheKeyOfAPieceThatCannotBeRead() {
        try (KafkaProducer<String, byte[]> texts = producer()) {
            send(texts, new ProducerRecord<>("test.dataset.texts", 0, "torn/train/17", "not a piece".getBytes(UTF_8)));
            TokenShard shard = parse(read("test.dataset.shards", "torn/", 1).get(0));
            assertThat(shard.getDatasetId()).isEqualTo("torn");
            assertThat(shard.getSplit()).isEqualTo("train");
            assertThat(shard.getIndex()).isEqualTo(17);
            assertThat(shard.getError()).contains("not a TextPiece");
            assertThat(read("test.dataset.texts.dlq", "torn/train/17", 1)).hasSize(1);
        }
    }

    @Test
    void makesSeveralShardsOfAPieceThatIsTooMuchForOne() {
        try (KafkaProducer<String, byte[]> texts = producer()) {
            TextPiece piece = piece("parts", 2, "a b c d e f g h").toBuilder()
                    .setMaxShardBytes(6)
                    .build();
            send(texts, new ProducerRecord<>("test.dataset.texts", "parts/train/2", piece.toByteArray()));
            assertThat(read("test.dataset.shards", "parts/", 3))
                    .extracting(ConsumerRecord::key)
                    .containsExactlyInAnyOrder("parts/train/2", "parts/train/2/1", "parts/train/2/2");
        }
    }

    @Test
    void answersWithAnErrorWhereTheTokenizerIsUnknown() {
        try (KafkaProducer<String, byte[]> texts = producer()) {
            TextPiece piece = piece("unknown", 0, "text").toBuilder()
                    .setTokenizer("/nowhere.json")
                    .build();
            send(texts, new ProducerRecord<>("test.dataset.texts", "unknown/train/0", piece.toByteArray()));
            assertThat(parse(read("test.dataset.shards", "unknown/", 1).get(0)).getError())
                    .contains("/nowhere.json");
        }
    }

    @Test
    void commitsWhatItHasAnswered() {
        try (KafkaProducer<String, byte[]> texts = producer();
                Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
            send(
                    texts,
                    new ProducerRecord<>(
                            "test.dataset.texts",
                            7,
                            "commit/train/0",
                            piece("commit", 0, "text").toByteArray()));
            read("test.dataset.shards", "commit/", 1);
            Awaitility.await().atMost(TIMEOUT).untilAsserted(() -> {
                OffsetAndMetadata committed = admin.listConsumerGroupOffsets("test.tokenizer-service")
                        .partitionsToOffsetAndMetadata()
                        .get()
                        .get(new TopicPartition("test.dataset.texts", 7));
                assertThat(committed).isNotNull();
                assertThat(committed.offset()).isPositive();
            });
        }
    }

    private static void send(KafkaProducer<String, byte[]> producer, ProducerRecord<String, byte[]> record) {
        try {
            producer.send(record).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static ProducerRecord<String, byte[]> record(String dataset, int index, String text) {
        return new ProducerRecord<>(
                "test.dataset.texts",
                dataset + "/train/" + index,
                piece(dataset, index, text).toByteArray());
    }

    private static TextPiece piece(String dataset, int index, String text) {
        return TextPiece.newBuilder()
                .setDatasetId(dataset)
                .setSplit("train")
                .setIndex(index)
                .setText(text)
                .build();
    }

    private static TokenShard parse(ConsumerRecord<String, byte[]> record) {
        try {
            return TokenShard.parseFrom(record.value());
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static String header(ConsumerRecord<String, byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), UTF_8);
    }

    private KafkaProducer<String, byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", brokers), new StringSerializer(), new ByteArraySerializer());
    }

    /** The first {@code count} records whose keys start with {@code prefix}, or fewer when time is up. */
    private List<ConsumerRecord<String, byte[]>> read(String topic, String prefix, int count) {
        List<ConsumerRecord<String, byte[]>> found = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", brokers, "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList());
            consumer.seekToBeginning(consumer.assignment());
            Awaitility.await().atMost(TIMEOUT).pollInSameThread().untilAsserted(() -> {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                    if (record.key() != null && record.key().startsWith(prefix)) {
                        found.add(record);
                    }
                });
                assertThat(found).hasSizeGreaterThanOrEqualTo(count);
            });
        }
        return found;
    }
}
