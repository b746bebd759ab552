package io.infinito.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.ShardRange;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.CloudEvent;
import io.infinito.ingest.source.FileHash;
import io.infinito.ingest.source.Split;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Sends the pieces of one dataset to the tokenizers and keeps account of their shards. What an earlier attempt has had tokenized is not
 * sent again. Of use to one thread.
 */
final class PieceExchange implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);

    private final Order order;
    private final Producer<String, byte[]> texts;
    private final Consumer<String, byte[]> shards;
    private final PreparationLimits limits;
    private final Runnable interruption;

    private final Set<String> inFlight = new HashSet<>();
    private final Map<Split, SplitShards> splits = new EnumMap<>(Split.class);
    private final Map<Integer, ShardRange.Builder> ranges = new TreeMap<>();
    private final AtomicReference<Exception> sendFailure = new AtomicReference<>();
    private String tokenizerSha256 = "";
    private int vocabularySize;
    private long tokens;
    private long lastProgress = System.nanoTime();

    /**
     * What is to be tokenized, and how.
     *
     * @param attempt of the preparation
     * @param textsTopic where pieces go
     * @param from where shards of the dataset may lie, for each partition of their topic
     */
    record Order(String datasetId, String tokenizer, int attempt, String textsTopic, List<ShardRange> from) {}

    /**
     * Reads what is there already and listens from then on.
     *
     * @param texts not closed here
     * @param shards assigned to all partitions of the shards' topic; closed with this
     * @param interruption called at least ten times a second while there is something to wait for; throws to give up
     */
    PieceExchange(
            Order order,
            Producer<String, byte[]> texts,
            Consumer<String, byte[]> shards,
            PreparationLimits limits,
            Runnable interruption) {
        this.order = order;
        this.texts = texts;
        this.shards = shards;
        this.limits = limits;
        this.interruption = interruption;
        String topic = shards.assignment().iterator().next().topic();
        order.from()
                .forEach(range -> shards.seek(new TopicPartition(topic, range.getPartition()), range.getFirstOffset()));
        readWhatIsThere();
    }

    /**
     * Sends a piece, once few enough are under way, unless its shards are there.
     *
     * @throws PreparationException if a piece could not be tokenized, or no shard comes for too long
     */
    void send(Split split, int index, String text) {
        if (of(split).has(index)) {
            return;
        }
        while (inFlight.size() >= limits.maxPiecesInFlight()) {
            collect(POLL);
        }
        collect(Duration.ZERO);
        if (inFlight.isEmpty()) {
            // The time that reading the source took is not the tokenizers' fault.
            lastProgress = System.nanoTime();
        }
        String key = key(split.wireName(), index);
        TextPiece piece = TextPiece.newBuilder()
                .setDatasetId(order.datasetId())
                .setSplit(split.wireName())
                .setIndex(index)
                .setText(text)
                .setTokenizer(order.tokenizer())
                .setAttempt(order.attempt())
                .setMaxShardBytes(limits.shardBytes())
                .build();
        CloudEvent event = CloudEvent.of(TextPiece.getDescriptor(), "dataset-service", CloudEvent.PROTOBUF)
                .withId(key);
        inFlight.add(key);
        // The callback hears of a failure; collect() tells it.
        Future<RecordMetadata> unused = texts.send(
                new ProducerRecord<>(order.textsTopic(), null, key, piece.toByteArray(), event.headers()),
                (sent, failure) -> {
                    if (failure != null) {
                        sendFailure.compareAndSet(null, failure);
                    }
                });
    }

    /**
     * Waits for the shards of all pieces.
     *
     * @throws PreparationException as {@link #send}
     */
    void awaitAll() {
        texts.flush();
        while (!inFlight.isEmpty()) {
            collect(POLL);
        }
    }

    /** The shards of a split. */
    SplitShards of(Split split) {
        return splits.computeIfAbsent(split, s -> new SplitShards());
    }

    /** Where the shards lie. */
    List<ShardRange> ranges() {
        return ranges.values().stream().map(ShardRange.Builder::build).toList();
    }

    /** Ids in all shards so far. */
    long tokens() {
        return tokens;
    }

    /** Of the tokenizer that made the shards. */
    String tokenizerSha256() {
        return tokenizerSha256;
    }

    /** Of the tokenizer that made the shards. */
    int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public void close() {
        shards.close();
    }

    private void readWhatIsThere() {
        Map<TopicPartition, Long> ends = shards.endOffsets(shards.assignment());
        while (ends.entrySet().stream().anyMatch(end -> shards.position(end.getKey()) < end.getValue())) {
            collect(POLL);
        }
    }

    private void collect(Duration wait) {
        for (ConsumerRecord<String, byte[]> record : shards.poll(wait)) {
            // Shards of other datasets pass by here too.
            if (record.key() != null && record.value() != null && record.key().startsWith(order.datasetId() + '/')) {
                accept(record);
            }
        }
        interruption.run();
        Exception failure = sendFailure.get();
        if (failure != null) {
            throw new PreparationException(
                    "a piece of text could not be sent to " + order.textsTopic() + ": " + failure.getMessage(),
                    failure);
        }
        if (!inFlight.isEmpty()
                && System.nanoTime() - lastProgress > limits.shardTimeout().toNanos()) {
            throw new PreparationException(
                    "%d pieces of text wait for their tokens, and none came for %s: is a tokenizer service running and reading %s?"
                            .formatted(inFlight.size(), limits.shardTimeout(), order.textsTopic()));
        }
    }

    private void accept(ConsumerRecord<String, byte[]> record) {
        TokenShard shard = parse(record);
        if (!shard.getError().isEmpty()) {
            // What could not be read bears no attempt. An earlier attempt's failure may have passed, as when a file was
            // missing.
            if (shard.getAttempt() == 0 || shard.getAttempt() == order.attempt()) {
                throw new PreparationException("piece %d of %s could not be tokenized: %s"
                        .formatted(shard.getIndex(), shard.getSplit(), shard.getError()));
            }
            return;
        }
        byte[] ids = shard.getIds().toByteArray();
        if (!HexFormat.of().formatHex(FileHash.sha256().digest(ids)).equals(shard.getSha256())) {
            throw new PreparationException("the record %s at %s-%d@%d does not have the hash that it names"
                    .formatted(record.key(), record.topic(), record.partition(), record.offset()));
        }
        if (!tokenizerSha256.isEmpty() && !tokenizerSha256.equals(shard.getTokenizerSha256())) {
            throw new PreparationException(
                    "dataset.tokenizer: tokenizer services have different files under the name %s: %s and %s"
                            .formatted(order.tokenizer(), tokenizerSha256, shard.getTokenizerSha256()));
        }
        tokenizerSha256 = shard.getTokenizerSha256();
        vocabularySize = shard.getVocabularySize();
        SplitShards split = of(splitOf(shard));
        int before = split.shards();
        boolean complete = split.add(shard);
        if (split.shards() > before) {
            tokens += shard.getTokens();
            extendRange(record);
        }
        if (complete && inFlight.remove(key(shard.getSplit(), shard.getIndex()))) {
            lastProgress = System.nanoTime();
        }
    }

    private static Split splitOf(TokenShard shard) {
        for (Split split : Split.values()) {
            if (split.wireName().equals(shard.getSplit()) && shard.getIndex() >= 0) {
                return split;
            }
        }
        throw new PreparationException(
                "a shard has the split '%s' and the index %d".formatted(shard.getSplit(), shard.getIndex()));
    }

    private static TokenShard parse(ConsumerRecord<String, byte[]> record) {
        try {
            return TokenShard.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new PreparationException(
                    "the record %s at %s-%d@%d is not a TokenShard"
                            .formatted(record.key(), record.topic(), record.partition(), record.offset()),
                    e);
        }
    }

    private void extendRange(ConsumerRecord<String, byte[]> record) {
        ranges.computeIfAbsent(
                        record.partition(),
                        partition ->
                                ShardRange.newBuilder().setPartition(partition).setFirstOffset(record.offset()))
                .setEndOffset(record.offset() + 1);
    }

    private String key(String split, int index) {
        return order.datasetId() + '/' + split + '/' + index;
    }
}
