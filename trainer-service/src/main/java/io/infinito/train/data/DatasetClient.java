package io.infinito.train.data;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Asks dataset-service for a dataset and waits for its manifest. */
@ApplicationScoped
public class DatasetClient {
    /** The dataset cannot be prepared; the message says why. */
    public static final class DatasetFailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DatasetFailedException(String message) {
            super(message);
        }
    }

    private static final Duration POLL = Duration.ofMillis(200);

    private final KafkaClients kafka;

    DatasetClient(KafkaClients kafka) {
        this.kafka = kafka;
    }

    /**
     * The manifest of a dataset that is ready.
     *
     * @param send puts the request on its topic, and returns when it is there
     * @param stop asked while waiting
     * @return empty if it was asked to stop
     * @throws DatasetFailedException if it cannot be prepared
     */
    public Optional<DatasetManifest> prepare(DatasetSpec spec, Consumer<DatasetRequest> send, BooleanSupplier stop) {
        try (KafkaConsumer<String, byte[]> manifests = kafka.reader()) {
            List<TopicPartition> partitions = kafka.partitions(manifests, Topic.DATASETS);
            manifests.assign(partitions);
            manifests.seekToEnd(partitions);
            // Seeking is lazy; the answer must not arrive before the position is known.
            partitions.forEach(manifests::position);
            String requestId = UUID.randomUUID().toString();
            send.accept(DatasetRequest.newBuilder()
                    .setRequestId(requestId)
                    .setDataset(spec)
                    .build());
            while (!stop.getAsBoolean()) {
                for (ConsumerRecord<String, byte[]> record : manifests.poll(POLL)) {
                    Optional<DatasetManifest> answer = answer(record, requestId);
                    if (answer.isPresent()) {
                        return answer;
                    }
                }
            }
            return Optional.empty();
        }
    }

    private static Optional<DatasetManifest> answer(ConsumerRecord<String, byte[]> record, String requestId) {
        if (record.value() == null) {
            return Optional.empty();
        }
        DatasetManifest manifest;
        try {
            manifest = ProtoJson.parseLenient(
                            new String(record.value(), StandardCharsets.UTF_8), DatasetManifest.newBuilder())
                    .build();
        } catch (InvalidJsonException e) {
            // Not a manifest; its author hears about it elsewhere.
            return Optional.empty();
        }
        if (!manifest.getRequestId().equals(requestId)) {
            return Optional.empty();
        }
        return switch (manifest.getState()) {
            case READY -> Optional.of(manifest);
            case FAILED -> throw new DatasetFailedException(manifest.getError());
            case PREPARING, STATE_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }
}
