package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** All datasets of a Kafka cluster. */
public final class DatasetCatalog {
    private static final Duration POLL = Duration.ofMillis(200);
    /** Deletions under way at a time. */
    private static final int IN_FLIGHT = 1000;

    private final DatasetTopics topics;

    /** The datasets of these topics. */
    public DatasetCatalog(DatasetTopics topics) {
        this.topics = topics;
    }

    /**
     * The latest manifest of every dataset, the one that changed last at the end. Answers to requests that name no dataset are left out.
     *
     * @throws KafkaException if the broker cannot be reached
     */
    public List<DatasetManifest> manifests() {
        Map<String, DatasetManifest> latest = new LinkedHashMap<>();
        try (KafkaConsumer<String, byte[]> consumer = topics.reader()) {
            List<TopicPartition> partitions = TopicReader.partitions(consumer, topics.name(Topic.DATASETS));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (isBefore(consumer, ends)) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    if (record.value() == null) {
                        latest.remove(record.key());
                    }
                    DatasetTopics.manifest(record)
                            .filter(manifest -> !manifest.getDatasetId().isEmpty())
                            .ifPresent(manifest -> latest.put(manifest.getDatasetId(), manifest));
                }
            }
        }
        return latest.values().stream()
                .sorted(Comparator.comparing(DatasetManifest::getUpdatedAt))
                .toList();
    }

    /**
     * Deletes a dataset: its manifest first, so that nobody finds it any more, then every record under a key of its shards. The topics
     * are compacted, so the records go when the broker's cleaner comes by.
     *
     * @return how many shards were deleted
     * @throws KafkaException if the broker cannot be reached
     */
    public long delete(DatasetManifest manifest) {
        long deleted = 0;
        try (KafkaProducer<String, byte[]> producer = topics.writer();
                KafkaConsumer<String, byte[]> consumer = topics.reader()) {
            await(List.of(
                    producer.send(new ProducerRecord<>(topics.name(Topic.DATASETS), manifest.getDatasetId(), null))));
            List<TopicPartition> partitions = TopicReader.partitions(consumer, topics.name(Topic.DATASET_SHARDS));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            for (ShardRange range : manifest.getRangesList()) {
                TopicPartition partition = new TopicPartition(topics.name(Topic.DATASET_SHARDS), range.getPartition());
                if (partitions.contains(partition)) {
                    consumer.seek(partition, range.getFirstOffset());
                }
            }
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            String prefix = manifest.getDatasetId() + "/";
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            while (isBefore(consumer, ends)) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    if (record.key() != null && record.key().startsWith(prefix) && record.value() != null) {
                        sent.add(producer.send(
                                new ProducerRecord<>(record.topic(), record.partition(), record.key(), null)));
                        deleted++;
                    }
                }
                if (sent.size() >= IN_FLIGHT) {
                    await(sent);
                    sent.clear();
                }
            }
            await(sent);
        }
        return deleted;
    }

    private static void await(List<Future<RecordMetadata>> sent) {
        try {
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw new KafkaException("a deletion was not sent: " + e.getCause().getMessage(), e.getCause());
        }
    }

    private static boolean isBefore(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue());
    }
}
