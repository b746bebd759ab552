package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** Asks dataset-service for a dataset and waits for its manifest. Safe for use by several threads. */
public final class DatasetClient {
    private static final Duration POLL = Duration.ofMillis(200);

    private final DatasetTopics topics;
    private final String source;

    /**
     * A client.
     *
     * @param source who asks, in the event's headers: {@code trainer-service}, {@code cli}
     */
    public DatasetClient(DatasetTopics topics, String source) {
        this.topics = topics;
        this.source = source;
    }

    /** A request with an id of its own. */
    public static DatasetRequest request(DatasetSpec spec) {
        return DatasetRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setDataset(spec)
                .build();
    }

    /**
     * Puts a request on its topic, and returns when the broker has it.
     *
     * @throws KafkaException if the broker does not take it in half a minute
     */
    public void send(DatasetRequest request) {
        CloudEvent event = CloudEvent.of(request.getDescriptorForType(), source, CloudEvent.JSON);
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(
                topics.name(Topic.DATASET_REQUESTS),
                null,
                request.getRequestId(),
                ProtoJson.print(request).getBytes(StandardCharsets.UTF_8),
                event.headers());
        try (KafkaProducer<String, byte[]> producer = topics.writer()) {
            producer.send(record).get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw new KafkaException(
                    "the request for dataset.source='" + request.getDataset().getSource() + "' was not sent: "
                            + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    /**
     * Sends a request and waits for what becomes of it.
     *
     * @param progress is told each manifest that says how far the preparation is
     * @param stop asked several times a second while waiting
     * @return the manifest of the dataset, which is ready; empty if it was asked to stop
     * @throws DatasetFailedException if it cannot be prepared
     * @throws KafkaException if the broker cannot be reached
     */
    public Optional<DatasetManifest> prepare(
            DatasetRequest request, Consumer<DatasetManifest> progress, BooleanSupplier stop) {
        try (KafkaConsumer<String, byte[]> manifests = topics.reader()) {
            List<TopicPartition> partitions = TopicReader.partitions(manifests, topics.name(Topic.DATASETS));
            manifests.assign(partitions);
            manifests.seekToEnd(partitions);
            // Seeking is lazy; the answer must not arrive before the position is known.
            partitions.forEach(manifests::position);
            send(request);
            return await(manifests, request.getRequestId(), progress, stop);
        }
    }

    private static Optional<DatasetManifest> await(
            KafkaConsumer<String, byte[]> manifests,
            String requestId,
            Consumer<DatasetManifest> progress,
            BooleanSupplier stop) {
        // A manifest names the latest request only: once it is known which dataset answers this one, others may ask for
        // it too.
        String datasetId = "";
        while (!stop.getAsBoolean()) {
            for (ConsumerRecord<String, byte[]> record : manifests.poll(POLL)) {
                DatasetManifest manifest = DatasetTopics.manifest(record).orElse(DatasetManifest.getDefaultInstance());
                boolean answers = manifest.getRequestId().equals(requestId)
                        || (!datasetId.isEmpty() && manifest.getDatasetId().equals(datasetId));
                if (!answers) {
                    continue;
                }
                datasetId = manifest.getDatasetId();
                switch (manifest.getState()) {
                    case READY -> {
                        return Optional.of(manifest);
                    }
                    case FAILED -> throw new DatasetFailedException(manifest);
                    case PREPARING -> progress.accept(manifest);
                    case STATE_UNSPECIFIED, UNRECOGNIZED -> {}
                }
            }
        }
        return Optional.empty();
    }
}
