package io.infinito.ingest;

import io.infinito.events.TopicReader;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Makes clients that know their partitions themselves, beside the channels that a consumer group feeds.
 *
 * @param connection what every client needs: addresses and, where the broker asks for it, who connects
 */
public record KafkaClients(Map<String, Object> connection) {
    /** Keeps its own copy. */
    public KafkaClients {
        connection = Map.copyOf(connection);
    }

    KafkaProducer<String, byte[]> producer() {
        Map<String, Object> settings = new HashMap<>(connection);
        settings.put("acks", "all");
        settings.put("compression.type", "zstd");
        settings.put("linger.ms", 5);
        settings.put("batch.size", 256 << 10);
        // What the topics take is the broker's to say; see RecordLimits.
        settings.put("max.request.size", Integer.MAX_VALUE);
        // A broker that is away for long must not fail a preparation of hours.
        settings.put("delivery.timeout.ms", Integer.MAX_VALUE);
        // The first record to a new partition can be overtaken by the next and is then refused for ever (KAFKA-15591).
        settings.put("max.in.flight.requests.per.connection", 1);
        return new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }

    Admin admin() {
        return Admin.create(connection);
    }

    /** A consumer of all partitions of a topic; where it starts is up to the caller. */
    KafkaConsumer<String, byte[]> consumerOf(String topic) {
        KafkaConsumer<String, byte[]> consumer = TopicReader.open(connection);
        consumer.assign(TopicReader.partitions(consumer, topic));
        return consumer;
    }
}
