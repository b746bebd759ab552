package io.infinito.events;

import com.google.protobuf.Descriptors.Descriptor;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The headers that every record bears: CloudEvents 1.0 in Kafka's binary mode (cloudevents/spec, kafka-protocol-binding). Readers do
 * not need them: a record without any header is accepted.
 *
 * @param id of the event; the same event sent twice has the same id
 * @param type full name of the payload's message
 * @param source the service that wrote it
 * @param time when it happened
 * @param contentType of the payload
 */
public record CloudEvent(String id, String type, String source, Instant time, String contentType) {
    /** Content type of the human-facing topics. */
    public static final String JSON = "application/json";
    /** Content type of the bulk topics. */
    public static final String PROTOBUF = "application/protobuf";

    /** An event of now with a random id. */
    public static CloudEvent of(Descriptor type, String source, String contentType) {
        return new CloudEvent(
                UUID.randomUUID().toString(), type.getFullName(), "/infinito/" + source, Instant.now(), contentType);
    }

    /** This event with an id that a repeated write has too, so that readers can drop the repetition. */
    public CloudEvent withId(String newId) {
        return new CloudEvent(newId, type, source, time, contentType);
    }

    /** The headers of a record. */
    public Headers headers() {
        Headers headers = new RecordHeaders();
        add(headers, "ce_specversion", "1.0");
        add(headers, "ce_id", id);
        add(headers, "ce_type", type);
        add(headers, "ce_source", source);
        add(headers, "ce_time", time.toString());
        add(headers, "content-type", contentType);
        return headers;
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
