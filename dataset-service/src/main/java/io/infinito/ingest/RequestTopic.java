package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.DatasetSpec;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes {@code dataset.requests} for those who ask over HTTP.
 *
 * @param topic its name
 * @param producer not closed here
 */
record RequestTopic(String topic, Producer<String, byte[]> producer) {
    /**
     * Asks for a dataset under a request id of its own.
     *
     * @throws PreparationException if the broker does not take it
     */
    DatasetRequest publish(DatasetSpec spec) {
        DatasetRequest request = DatasetRequest.newBuilder()
                .setDataset(spec)
                .setRequestId(UUID.randomUUID().toString())
                .build();
        CloudEvent event = CloudEvent.of(DatasetRequest.getDescriptor(), "dataset-service", CloudEvent.JSON)
                .withId(request.getRequestId());
        byte[] json = ProtoJson.print(request).getBytes(StandardCharsets.UTF_8);
        try {
            producer.send(new ProducerRecord<>(topic, null, request.getRequestId(), json, event.headers()))
                    .get();
            return request;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PreparationException("interrupted while a request was written to " + topic, e);
        } catch (ExecutionException e) {
            throw new PreparationException(
                    "a request could not be written to " + topic + ": "
                            + e.getCause().getMessage(),
                    e);
        }
    }
}
