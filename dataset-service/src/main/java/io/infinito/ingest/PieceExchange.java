package io.infinito.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.ShardPosition;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.CloudEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * Sends the pieces of one dataset to the tokenizers and collects the positions of their shards. It starts to listen when it is made, so
 * that no shard of a piece that it sends is missed. Of use to one thread.
 */
final class PieceExchange implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);

    private final String datasetId;
    private final String tokenizer;
    private final String textsTopic;
    private final Producer<String, byte[]> texts;
    private final Consumer<String, byte[]> shards;
    private final PreparationLimits limits;
    private final BooleanSupplier stopping;

    private final Set<String> inFlight = new HashSet<>();
    private final Map<String, SortedMap<Integer, ShardPosition>> positions = new HashMap<>();
    private final AtomicReference<Exception> sendFailure = new AtomicReference<>();
    private String tokenizerSha256 = "";
    private int vocabularySize;
    private long lastProgress = System.nanoTime();

    /**
     * Listens from now on.
     *
     * @param texts not closed here
     * @param shards assigned to all partitions of the shards' topic; closed with this
     * @param stopping whether to give up
     */
    PieceExchange(
            String datasetId,
            String tokenizer,
            String textsTopic,
            Producer<String, byte[]> texts,
            Consumer<String, byte[]> shards,
            PreparationLimits limits,
            BooleanSupplier stopping) {
        this.datasetId = datasetId;
        this.tokenizer = tokenizer;
        this.textsTopic = textsTopic;
        this.texts = texts;
        this.shards = shards;
        this.limits = limits;
        this.stopping = stopping;
        shards.seekToEnd(shards.assignment());
        // Seeking is lazy: asking for the position settles it before the first piece is sent.
        shards.assignment().forEach(shards::position);
    }

    /**
     * Sends a piece, once few enough are under way.
     *
     * @throws PreparationException if a shard says that its piece could not be tokenized, or none comes for too long
     */
    void send(String split, int index, String text) {
        while (inFlight.size() >= limits.maxPiecesInFlight()) {
            collect(POLL);
        }
        collect(Duration.ZERO);
        if (inFlight.isEmpty()) {
            // The time that reading the source took is not the tokenizers' fault.
            lastProgress = System.nanoTime();
        }
        String key = datasetId + '/' + split + '/' + index;
        TextPiece piece = TextPiece.newBuilder()
                .setDatasetId(datasetId)
                .setSplit(split)
                .setIndex(index)
                .setText(text)
                .setTokenizer(tokenizer)
                .build();
        CloudEvent event = CloudEvent.of(TextPiece.getDescriptor(), "dataset-service", CloudEvent.PROTOBUF)
                .withId(key);
        inFlight.add(key);
        // The callback hears of a failure; collect() tells it.
        Future<RecordMetadata> unused = texts.send(
                new ProducerRecord<>(textsTopic, null, key, piece.toByteArray(), event.headers()), (sent, failure) -> {
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

    /** The positions of a split's shards by their index. */
    SortedMap<Integer, ShardPosition> positions(String split) {
        return positions.getOrDefault(split, new TreeMap<>());
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

    private void collect(Duration wait) {
        for (ConsumerRecord<String, byte[]> record : shards.poll(wait)) {
            // Shards of other datasets pass by here too. One that comes again takes the place of the earlier record.
            if (record.key() != null && record.value() != null && record.key().startsWith(datasetId + '/')) {
                accept(record);
            }
        }
        Exception failure = sendFailure.get();
        if (failure != null) {
            throw new PreparationException(
                    "a piece of text could not be sent to " + textsTopic + ": " + failure.getMessage(), failure);
        }
        if (stopping.getAsBoolean()) {
            throw new CancellationException("the service stops; dataset " + datasetId + " will be prepared again");
        }
        if (!inFlight.isEmpty()
                && System.nanoTime() - lastProgress > limits.shardTimeout().toNanos()) {
            throw new PreparationException(
                    "%d pieces of text wait for their tokens, and none came for %s: is a tokenizer service running and reading %s?"
                            .formatted(inFlight.size(), limits.shardTimeout(), textsTopic));
        }
    }

    private void accept(ConsumerRecord<String, byte[]> record) {
        TokenShard shard;
        try {
            shard = TokenShard.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new PreparationException(
                    "the record %s at %s-%d@%d is not a TokenShard"
                            .formatted(record.key(), record.topic(), record.partition(), record.offset()),
                    e);
        }
        if (!shard.getError().isEmpty()) {
            throw new PreparationException("piece %d of %s could not be tokenized: %s"
                    .formatted(shard.getIndex(), shard.getSplit(), shard.getError()));
        }
        if (!tokenizerSha256.isEmpty() && !tokenizerSha256.equals(shard.getTokenizerSha256())) {
            throw new PreparationException(
                    "dataset.tokenizer: tokenizer services have different files under the name %s: %s and %s"
                            .formatted(tokenizer, tokenizerSha256, shard.getTokenizerSha256()));
        }
        tokenizerSha256 = shard.getTokenizerSha256();
        vocabularySize = shard.getVocabularySize();
        positions
                .computeIfAbsent(shard.getSplit(), split -> new TreeMap<>())
                .put(
                        shard.getIndex(),
                        ShardPosition.newBuilder()
                                .setIndex(shard.getIndex())
                                .setPartition(record.partition())
                                .setOffset(record.offset())
                                .setTokens(shard.getTokens())
                                .setSha256(shard.getSha256())
                                .build());
        if (inFlight.remove(record.key())) {
            lastProgress = System.nanoTime();
        }
    }
}
