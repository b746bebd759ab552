package io.infinito.train.job;

import com.google.protobuf.ByteString;
import io.infinito.checkpoint.Sha256;
import io.infinito.dataset.DatasetDigest;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.tokenizer.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Answers dataset requests as the real service does, over the real topics, with GPT-2 tokens of a little text. Sources: {@code test:ok},
 * {@code test:full} (with a test split), {@code test:short} (a validation split of ten tokens), {@code test:lost} (whose shards have gone when it is first asked for) and
 * anything else, which fails.
 */
final class FakeDatasetService implements AutoCloseable {
    private static final String PREFIX = "test.";

    private final KafkaConsumer<String, byte[]> requests;
    private final KafkaProducer<String, byte[]> producer;
    private final Tokenizer tokenizer = Tokenizer.gpt2();
    private final Set<String> asked = new HashSet<>();
    private final Thread thread = new Thread(this::serve, "fake-dataset-service");

    FakeDatasetService(String bootstrapServers) {
        requests = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrapServers,
                        "group.id",
                        "fake",
                        "auto.offset.reset",
                        "earliest",
                        "metadata.max.age.ms",
                        500),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers), new StringSerializer(), new ByteArraySerializer());
        thread.start();
    }

    private void serve() {
        requests.subscribe(List.of(Topic.DATASET_REQUESTS.name(PREFIX)));
        try {
            while (true) {
                for (ConsumerRecord<String, byte[]> record : requests.poll(Duration.ofMillis(100))) {
                    answer(ProtoJson.parse(
                                    new String(record.value(), StandardCharsets.UTF_8), DatasetRequest.newBuilder())
                            .build());
                }
            }
        } catch (WakeupException e) {
            // Closed.
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            requests.close();
        }
    }

    private void answer(DatasetRequest request) throws Exception {
        String source = request.getDataset().getSource();
        DatasetManifest.Builder manifest = DatasetManifest.newBuilder()
                .setRequestId(request.getRequestId())
                .setDatasetId(Sha256.of(source.getBytes(StandardCharsets.UTF_8)))
                .setSpec(request.getDataset());
        send(manifest.setState(DatasetManifest.State.PREPARING));
        if (source.startsWith("test:")) {
            boolean tooShort = source.equals("test:short");
            manifest.setState(DatasetManifest.State.READY)
                    .setTokenizerSha256(tokenizer.sha256())
                    .setVocabularySize(tokenizer.vocabularySize())
                    .addSplits(split(manifest, "train", 1200, 3))
                    .addSplits(split(manifest, "validation", tooShort ? 10 : 150, 1));
            if (source.equals("test:full")) {
                manifest.addSplits(split(manifest, "test", 90, 1));
            }
            manifest.setDigest(DatasetDigest.of(manifest.getSplitsList()));
        } else {
            manifest.setState(DatasetManifest.State.FAILED).setError("dataset.source='" + source + "' does not exist");
        }
        send(manifest);
    }

    private void send(DatasetManifest.Builder manifest) throws Exception {
        producer.send(new ProducerRecord<>(
                        Topic.DATASETS.name(PREFIX),
                        manifest.getDatasetId(),
                        ProtoJson.print(manifest).getBytes(StandardCharsets.UTF_8)))
                .get();
    }

    private SplitManifest split(DatasetManifest.Builder manifest, String name, int tokens, int shards)
            throws Exception {
        int[] text = tokenizer.encode(" the cat sat on the mat and the dog lay on the rug");
        boolean lost = manifest.getSpec().getSource().equals("test:lost") && asked.add(name);
        Random random = new Random((manifest.getSpec().getSource() + name).hashCode());
        SplitManifest.Builder split = SplitManifest.newBuilder()
                .setName(name)
                .setTokens(tokens)
                .setShards(shards)
                .setWords(tokens)
                .setBytes(4L * tokens);
        DatasetDigest digest = new DatasetDigest();
        for (int index = 0; index < shards; index++) {
            int count = tokens / shards;
            ByteBuffer ids = ByteBuffer.allocate(count * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                ids.putShort((short) text[random.nextInt(8) == 0 ? random.nextInt(text.length) : i % text.length]);
            }
            TokenShard shard = TokenShard.newBuilder()
                    .setDatasetId(manifest.getDatasetId())
                    .setSplit(name)
                    .setIndex(index)
                    .setParts(1)
                    .setIdWidth(Short.BYTES)
                    .setIds(ByteString.copyFrom(ids.array()))
                    .setTokens(count)
                    .setSha256(Sha256.of(ids.array()))
                    .build();
            digest.add(HexFormat.of().parseHex(shard.getSha256()));
            if (lost) {
                continue;
            }
            RecordMetadata at = producer.send(new ProducerRecord<>(
                            Topic.DATASET_SHARDS.name(PREFIX),
                            manifest.getDatasetId() + "/" + name + "/" + index,
                            shard.toByteArray()))
                    .get();
            if (manifest.getRangesList().stream().noneMatch(range -> range.getPartition() == at.partition())) {
                manifest.addRanges(
                        ShardRange.newBuilder().setPartition(at.partition()).setFirstOffset(at.offset()));
            }
        }
        return split.setDigest(digest.hex()).build();
    }

    @Override
    public void close() throws InterruptedException {
        requests.wakeup();
        thread.join();
        producer.close();
        tokenizer.close();
    }
}
