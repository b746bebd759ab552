package io.infinito.train.data;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.ShardPosition;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.Topic;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads the shards of a split from the topic that keeps them. */
@ApplicationScoped
public class ShardReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private final KafkaClients kafka;

    ShardReader(KafkaClients kafka) {
        this.kafka = kafka;
    }

    /**
     * Hands over each shard of a split once, in any order.
     *
     * <p>A shard that was tokenized twice stands in the topic twice, with equal content, and compaction may remove the earlier
     * record; so shards are known by their keys, from the first position that the manifest names.
     *
     * @param stop asked while reading
     * @return false if it was asked to stop
     * @throws IllegalStateException if the end of the topic is reached before all shards were seen
     */
    public boolean read(String datasetId, SplitManifest split, BooleanSupplier stop, Consumer<TokenShard> use) {
        Map<TopicPartition, Long> starts = new HashMap<>();
        Map<String, ShardPosition> missing = new HashMap<>();
        for (ShardPosition shard : split.getShardsList()) {
            starts.merge(kafka.partition(Topic.DATASET_SHARDS, shard.getPartition()), shard.getOffset(), Math::min);
            missing.put(datasetId + "/" + split.getName() + "/" + shard.getIndex(), shard);
        }
        try (KafkaConsumer<String, byte[]> consumer = kafka.reader()) {
            consumer.assign(starts.keySet());
            starts.forEach(consumer::seek);
            Map<TopicPartition, Long> ends = consumer.endOffsets(starts.keySet());
            while (!missing.isEmpty()) {
                if (stop.getAsBoolean()) {
                    return false;
                }
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    if (record.value() != null && missing.remove(record.key()) != null) {
                        use.accept(parse(record));
                    }
                }
                if (!missing.isEmpty()
                        && ends.entrySet().stream()
                                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                    throw new IllegalStateException(missing.size() + " shards of dataset " + datasetId
                            + " are no longer in the topic, among them "
                            + missing.keySet().iterator().next()
                            + ": the topic's retention is shorter than the job's wait");
                }
            }
        }
        return true;
    }

    private static TokenShard parse(ConsumerRecord<String, byte[]> record) {
        try {
            return TokenShard.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("record " + record.key() + " is not a TokenShard", e);
        }
    }
}
