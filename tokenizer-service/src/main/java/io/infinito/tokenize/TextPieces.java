package io.infinito.tokenize;

import com.google.protobuf.InvalidProtocolBufferException;
import io.infinito.dataset.v1.TextPiece;
import io.infinito.dataset.v1.TokenShard;
import io.infinito.events.CloudEvent;
import io.micrometer.core.instrument.MeterRegistry;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.reactive.messaging.kafka.api.IncomingKafkaRecordMetadata;
import io.smallrye.reactive.messaging.kafka.api.OutgoingKafkaRecordMetadata;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.Outgoing;
import org.jboss.logging.Logger;

/**
 * Pieces of {@code dataset.texts} to shards on {@code dataset.shards}, several at a time and in any order. A piece is acknowledged once
 * the broker has its shard; one that is seen twice gives the same record again. A record that is no piece goes to the dead letters.
 */
@ApplicationScoped
public class TextPieces {
    private static final Logger LOG = Logger.getLogger(TextPieces.class);

    private final ShardEncoder encoder;
    private final MeterRegistry metrics;
    private final int workers;
    private final ExecutorService threads;

    TextPieces(ShardEncoder encoder, TokenizerLimits limits, MeterRegistry metrics) {
        this.encoder = encoder;
        this.metrics = metrics;
        this.workers = limits.workers();
        this.threads = Executors.newFixedThreadPool(workers, work -> {
            Thread thread = new Thread(work, "tokenizer");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Incoming("texts-in")
    @Outgoing("shards-out")
    Multi<Message<byte[]>> shards(Multi<Message<byte[]>> pieces) {
        return pieces.onItem()
                .transformToUni(piece -> Uni.createFrom()
                        .item(() -> shard(piece))
                        .runSubscriptionOn(threads)
                        .onItem()
                        .transformToUni(made -> made.isPresent()
                                ? Uni.createFrom().item(made.get())
                                : Uni.createFrom().nullItem()))
                .merge(workers);
    }

    @PreDestroy
    void stop() {
        threads.shutdownNow();
    }

    /** Empty if the record is no piece: it has been handed to the dead letters then. */
    private Optional<Message<byte[]>> shard(Message<byte[]> message) {
        try {
            TextPiece piece = parse(message.getPayload());
            TokenShard shard = encoder.encode(piece);
            count(shard);
            String key = keyOf(message).orElse(keyOf(piece));
            CloudEvent event = CloudEvent.of(TokenShard.getDescriptor(), "tokenizer-service", CloudEvent.PROTOBUF)
                    .withId(key);
            // Keeps the acknowledgement of the piece: it follows that of the shard.
            return Optional.of(message.withPayload(shard.toByteArray())
                    .addMetadata(OutgoingKafkaRecordMetadata.<String>builder()
                            .withKey(key)
                            .withHeaders(event.headers())
                            .build()));
        } catch (RuntimeException e) {
            LOG.warnf(
                    "dataset.texts: record %s goes to the dead letters: %s",
                    keyOf(message).orElse("without key"), e.getMessage());
            message.nack(e);
            return Optional.empty();
        }
    }

    private static TextPiece parse(byte[] payload) {
        if (payload == null) {
            throw new IllegalArgumentException("the record has no value: expected a TextPiece");
        }
        TextPiece piece;
        try {
            piece = TextPiece.parseFrom(payload);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not a TextPiece: " + e.getMessage(), e);
        }
        if (piece.getDatasetId().isEmpty() || piece.getSplit().isEmpty() || piece.getIndex() < 0) {
            throw new IllegalArgumentException(
                    "not a TextPiece: dataset_id \"%s\" and split \"%s\" must not be empty, index %d not be negative"
                            .formatted(piece.getDatasetId(), piece.getSplit(), piece.getIndex()));
        }
        return piece;
    }

    private void count(TokenShard shard) {
        metrics.counter("infinito.tokenizer.pieces", "outcome", shard.getError().isEmpty() ? "shard" : "error")
                .increment();
        metrics.counter("infinito.tokenizer.characters").increment((double) shard.getCharacters());
        metrics.counter("infinito.tokenizer.tokens").increment(shard.getTokens());
    }

    private static Optional<String> keyOf(Message<byte[]> message) {
        return message.getMetadata(IncomingKafkaRecordMetadata.class)
                .map(IncomingKafkaRecordMetadata::getKey)
                .map(Object::toString);
    }

    private static String keyOf(TextPiece piece) {
        return piece.getDatasetId() + '/' + piece.getSplit() + '/' + piece.getIndex();
    }
}
