package io.infinito.dataset;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads the shards of a dataset from the topic that keeps them, all splits in one pass, and verifies each of them and all together
 * against the manifest. A shard stands in the topic more than once if it was made more than once, and compaction may have removed the
 * earlier record: so shards are known by their keys, from the manifest's first offset on. Safe for use by several threads.
 */
public final class ShardReader {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int UINT16_IDS = 1 << 16;

    private final DatasetTopics topics;

    /** A reader of these topics. */
    public ShardReader(DatasetTopics topics) {
        this.topics = topics;
    }

    /**
     * Reads and verifies every shard and keeps nothing.
     *
     * @param stop asked several times a second
     * @return false if it was asked to stop
     * @throws DatasetMissingException if shards are no longer there
     * @throws DatasetDamagedException if a shard or a digest is not what it should be
     * @throws KafkaException if the broker cannot be reached
     */
    public boolean verify(DatasetManifest manifest, ShardProgress progress, BooleanSupplier stop) {
        try {
            return read(manifest, (split, ids) -> 0, progress, stop).isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written, yet " + e.getMessage(), e);
        }
    }

    /**
     * The first shard of a split that has one.
     *
     * @param stop asked several times a second
     * @return empty if it was asked to stop
     * @throws DatasetMissingException if it is no longer there
     * @throws DatasetDamagedException if it is not what it should be
     * @throws IllegalArgumentException if the split has no shard
     * @throws KafkaException if the broker cannot be reached
     */
    public Optional<TokenShard> first(DatasetManifest manifest, String split, BooleanSupplier stop) {
        SplitManifest wanted = LocalDataset.split(manifest, split);
        if (wanted.getShards() == 0) {
            throw new IllegalArgumentException(
                    "split " + split + " of dataset " + manifest.getDatasetId() + " is empty");
        }
        // As if it were all there is: only whether the shard is good in itself can be told.
        SplitShards shards = new SplitShards(manifest.getDatasetId(), wanted, idWidth(manifest));
        ShardKey first = new ShardKey(manifest.getDatasetId(), split, 0, 0);
        TokenShard[] found = new TokenShard[1];
        try {
            Ending ending = pass(manifest, stop, () -> found[0] != null, record -> {
                if (!record.key().equals(first.toString())) {
                    return;
                }
                Optional<TokenShard> shard = parse(record);
                if (shard.isPresent()) {
                    shards.accept(first, shard.get(), where(record), (name, ids) -> {
                        found[0] = shard.get();
                        return 0;
                    });
                } else if (record.value() != null) {
                    shards.refuse(first, where(record) + " is not a TokenShard");
                }
            });
            if (ending == Ending.END_OF_TOPIC) {
                throw shards.whatIsWrong(topics.name(Topic.DATASET_SHARDS));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("nothing is written, yet " + e.getMessage(), e);
        }
        return Optional.ofNullable(found[0]);
    }

    /** Bytes an id of a dataset. */
    static int idWidth(DatasetManifest manifest) {
        return manifest.getVocabularySize() <= UINT16_IDS ? Short.BYTES : Integer.BYTES;
    }

    /**
     * As {@link #verify}, but the ids are kept.
     *
     * @return where they are, in the manifest's order of splits; empty if it was asked to stop
     */
    Optional<List<SplitShards>> read(
            DatasetManifest manifest, ShardStore store, ShardProgress progress, BooleanSupplier stop)
            throws IOException {
        requireReady(manifest);
        Map<String, SplitShards> splits = new LinkedHashMap<>();
        for (SplitManifest split : manifest.getSplitsList()) {
            splits.put(split.getName(), new SplitShards(manifest.getDatasetId(), split, idWidth(manifest)));
        }
        String prefix = manifest.getDatasetId() + "/";
        long[] told = {-1};
        Ending ending = pass(
                manifest,
                stop,
                () -> {
                    tell(splits, progress, told);
                    return splits.values().stream().allMatch(SplitShards::isWhole);
                },
                record -> {
                    if (record.key() != null && record.key().startsWith(prefix)) {
                        take(record, splits, store);
                    }
                });
        if (ending == Ending.STOPPED) {
            return Optional.empty();
        }
        for (SplitShards split : splits.values()) {
            if (!split.isWhole()) {
                throw split.whatIsWrong(topics.name(Topic.DATASET_SHARDS));
            }
        }
        return Optional.of(List.copyOf(splits.values()));
    }

    private enum Ending {
        DONE,
        STOPPED,
        END_OF_TOPIC
    }

    private interface Use {
        void record(ConsumerRecord<String, byte[]> record) throws IOException;
    }

    /** From the first offsets of the dataset to where it is done, or to what was the end of the topic when it began. */
    private Ending pass(DatasetManifest manifest, BooleanSupplier stop, BooleanSupplier done, Use use)
            throws IOException {
        if (done.getAsBoolean()) {
            return Ending.DONE;
        }
        try (KafkaConsumer<String, byte[]> consumer = topics.reader()) {
            String topic = topics.name(Topic.DATASET_SHARDS);
            List<TopicPartition> existing = TopicReader.partitions(consumer, topic);
            Map<TopicPartition, Long> starts = new HashMap<>();
            for (ShardRange range : manifest.getRangesList()) {
                starts.put(new TopicPartition(topic, range.getPartition()), range.getFirstOffset());
            }
            starts.keySet().retainAll(existing);
            consumer.assign(starts.keySet());
            starts.forEach(consumer::seek);
            Map<TopicPartition, Long> ends = consumer.endOffsets(starts.keySet());
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (stop.getAsBoolean()) {
                    return Ending.STOPPED;
                }
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    use.record(record);
                }
                if (done.getAsBoolean()) {
                    return Ending.DONE;
                }
            }
            return Ending.END_OF_TOPIC;
        }
    }

    private static void take(ConsumerRecord<String, byte[]> record, Map<String, SplitShards> splits, ShardStore store)
            throws IOException {
        Optional<ShardKey> key = ShardKey.parse(record.key());
        SplitShards split = key.map(ShardKey::split).map(splits::get).orElse(null);
        if (split == null) {
            return;
        }
        Optional<TokenShard> shard = parse(record);
        if (record.value() == null) {
            split.delete(key.get());
        } else if (shard.isPresent()) {
            split.accept(key.get(), shard.get(), where(record), store);
        } else {
            split.refuse(key.get(), where(record) + " is not a TokenShard");
        }
    }

    private static void tell(Map<String, SplitShards> splits, ShardProgress progress, long[] told) {
        long found = splits.values().stream().mapToLong(SplitShards::found).sum();
        if (found != told[0]) {
            told[0] = found;
            progress.read(
                    found,
                    splits.values().stream().mapToLong(SplitShards::expected).sum(),
                    splits.values().stream().mapToLong(SplitShards::bytes).sum());
        }
    }

    private static Optional<TokenShard> parse(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(TokenShard.parseFrom(record.value()));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }

    private static String where(ConsumerRecord<String, byte[]> record) {
        return "shard " + record.key() + " (" + record.topic() + " partition " + record.partition() + " offset "
                + record.offset() + ")";
    }

    private static void requireReady(DatasetManifest manifest) {
        if (manifest.getState() != DatasetManifest.State.READY) {
            throw new IllegalArgumentException(
                    "dataset " + manifest.getDatasetId() + " is " + manifest.getState() + ", not READY");
        }
        String digest = DatasetDigest.of(manifest.getSplitsList());
        if (!digest.equals(manifest.getDigest())) {
            throw new DatasetDamagedException("the manifest of dataset " + manifest.getDatasetId() + " has digest "
                    + manifest.getDigest() + ", but that of its splits is " + digest);
        }
    }
}
