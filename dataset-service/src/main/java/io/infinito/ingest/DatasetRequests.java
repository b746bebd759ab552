package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.micrometer.core.instrument.MeterRegistry;
import io.smallrye.reactive.messaging.annotations.Blocking;
import io.smallrye.reactive.messaging.kafka.api.IncomingKafkaRecordMetadata;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.errors.RetriableException;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.jboss.logging.Logger;

/**
 * Takes {@code dataset.requests}, a few at a time. A request is acknowledged once it is answered for good; a service that stops or
 * dies before that leaves it to the next one. What is not JSON of a request goes to the dead letters.
 */
@ApplicationScoped
public class DatasetRequests {
    private static final Logger LOG = Logger.getLogger(DatasetRequests.class);
    private static final Duration CATALOG_TIMEOUT = Duration.ofMinutes(2);

    private final DatasetPreparer preparer;
    private final DatasetCatalog catalog;
    private final MeterRegistry metrics;

    DatasetRequests(DatasetPreparer preparer, DatasetCatalog catalog, MeterRegistry metrics) {
        this.preparer = preparer;
        this.catalog = catalog;
        this.metrics = metrics;
    }

    @Incoming("requests-in")
    @Blocking(value = "preparation", ordered = false)
    CompletionStage<Void> answer(Message<String> message) {
        DatasetRequest request;
        try {
            request = ProtoJson.parse(
                            message.getPayload() == null ? "" : message.getPayload(), DatasetRequest.newBuilder())
                    .build();
        } catch (InvalidJsonException e) {
            return refuse(message, e);
        }
        try {
            catalog.awaitCaughtUp(CATALOG_TIMEOUT);
            DatasetManifest last = answer(request, requestId(request, message));
            metrics.counter(
                            "infinito.dataset.requests",
                            "outcome",
                            last.getState().name())
                    .increment();
            return message.ack();
        } catch (CancellationException e) {
            LOG.info(e.getMessage());
            return CompletableFuture.completedFuture(null);
        } catch (RuntimeException e) {
            LOG.error("a request could not be answered", e);
            return message.nack(e);
        }
    }

    /** For as long as the broker is away, which Kafka's clients tell after a minute or so each time. */
    private DatasetManifest answer(DatasetRequest request, String requestId) {
        while (true) {
            try {
                return preparer.answer(request, requestId);
            } catch (RetriableException e) {
                LOG.warnf("request %s is tried again: %s", requestId, e.getMessage());
            }
        }
    }

    /** Who sent it waits for an answer under the record's key, if anywhere. */
    private CompletionStage<Void> refuse(Message<String> message, InvalidJsonException e) {
        LOG.warnf(
                "dataset.requests: record %s goes to the dead letters: %s",
                key(message).orElse("without key"), e.getMessage());
        key(message)
                .ifPresent(key -> catalog.publish(DatasetManifest.newBuilder()
                        .setRequestId(key)
                        .setState(State.FAILED)
                        .setError(e.getMessage())
                        .setUpdatedAt(Instant.now().toString())
                        .build()));
        return message.nack(e);
    }

    private static String requestId(DatasetRequest request, Message<String> message) {
        if (!request.getRequestId().isEmpty()) {
            return request.getRequestId();
        }
        return key(message)
                .orElseGet(() -> message.getMetadata(IncomingKafkaRecordMetadata.class)
                        .map(record -> record.getTopic() + "-" + record.getPartition() + "-" + record.getOffset())
                        .orElse(""));
    }

    private static Optional<String> key(Message<String> message) {
        return message.getMetadata(IncomingKafkaRecordMetadata.class)
                .map(IncomingKafkaRecordMetadata::getKey)
                .map(Object::toString)
                .filter(key -> !key.isEmpty());
    }
}
