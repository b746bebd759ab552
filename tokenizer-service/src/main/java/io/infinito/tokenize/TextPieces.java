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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.eclipse.microprofile.reactive.messaging.Outgoing;
import org.jboss.logging.Logger;

/**
 * Pieces of {@code dataset.texts} to shards on {@code dataset.shards}, several at a time and in any order. A piece is acknowledged once
 * the broker has all of its shards; one that is seen twice gives the same records again. A record that is no piece, or whose text cannot
 * be tokenized, goes to the dead letters, and an error stands under its key in place of the shards, so that who waits for them hears why.
 */
@ApplicationScoped
public class TextPieces {
    private static final Logger LOG = Logger.getLogger(TextPieces.class);
    private static final Pattern PIECE_KEY = Pattern.compile("(?<dataset>[^/]+)/(?<split>[^/]+)/(?<index>\\d{1,9})");

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
                .transformToMulti(piece -> Uni.createFrom()
                        .item(() -> answer(piece))
                        .runSubscriptionOn(threads)
                        .onItem()
                        .transformToMulti(answers -> Multi.createFrom().iterable(answers)))
                .merge(workers);
    }

    @PreDestroy
    void stop() {
        threads.shutdownNow();
    }

    private List<Message<byte[]>> answer(Message<byte[]> message) {
        TextPiece piece;
        try {
            piece = parse(message.getPayload());
        } catch (IllegalArgumentException e) {
            return refuse(message, keyOf(message).flatMap(TextPieces::pieceOf), e);
        }
        try {
            return acknowledged(message, piece, encoder.encode(piece));
        } catch (UnusableTokenizerException e) {
            // Nothing is wrong with the piece.
            return acknowledged(message, piece, List.of(ShardEncoder.failed(piece, e.getMessage())));
        } catch (RuntimeException e) {
            return refuse(
                    message, Optional.of(piece), new IllegalArgumentException("text: cannot be tokenized: " + e, e));
        }
    }

    /** The shards; the last one that the broker has taken acknowledges the piece. */
    private List<Message<byte[]>> acknowledged(Message<byte[]> message, TextPiece piece, List<TokenShard> shards) {
        AtomicInteger missing = new AtomicInteger(shards.size());
        shards.forEach(this::count);
        return shards.stream()
                .map(shard -> message(
                        piece,
                        shard,
                        () -> missing.decrementAndGet() == 0 ? message.ack() : CompletableFuture.completedFuture(null)))
                .toList();
    }

    /** To the dead letters, after the error is where the shards would be. */
    private List<Message<byte[]>> refuse(Message<byte[]> message, Optional<TextPiece> piece, RuntimeException reason) {
        LOG.warnf(
                "dataset.texts: record %s goes to the dead letters: %s",
                keyOf(message).orElse("without key"), reason.getMessage());
        if (piece.isEmpty()) {
            message.nack(reason);
            return List.of();
        }
        TokenShard error = ShardEncoder.failed(piece.get(), reason.getMessage());
        count(error);
        return List.of(message(piece.get(), error, () -> message.nack(reason)));
    }

    private static Message<byte[]> message(
            TextPiece piece, TokenShard shard, Supplier<CompletionStage<Void>> acknowledgement) {
        String key = piece.getDatasetId()
                + '/'
                + piece.getSplit()
                + '/'
                + piece.getIndex()
                + (shard.getPart() == 0 ? "" : "/" + shard.getPart());
        CloudEvent event = CloudEvent.of(TokenShard.getDescriptor(), "tokenizer-service", CloudEvent.PROTOBUF)
                .withId(key);
        return Message.of(shard.toByteArray(), acknowledgement)
                .addMetadata(OutgoingKafkaRecordMetadata.<String>builder()
                        .withKey(key)
                        .withHeaders(event.headers())
                        .build());
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

    /** Which piece a record was to be, where its key says it. */
    private static Optional<TextPiece> pieceOf(String key) {
        Matcher parts = PIECE_KEY.matcher(key);
        return parts.matches()
                ? Optional.of(TextPiece.newBuilder()
                        .setDatasetId(parts.group("dataset"))
                        .setSplit(parts.group("split"))
                        .setIndex(Integer.parseInt(parts.group("index")))
                        .build())
                : Optional.empty();
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
}
