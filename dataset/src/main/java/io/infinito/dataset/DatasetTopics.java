package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Where datasets are: a Kafka cluster and what stands before its topics' names.
 *
 * @param connection what every Kafka client needs: addresses and, where the broker asks for it, who connects
 * @param prefix before each topic's name, may be empty
 */
public record DatasetTopics(Map<String, Object> connection, String prefix) {
    /** Shards that compress well must not fill the heap: a poll brings at most this many. */
    private static final int RECORDS_A_POLL = 16;

    private static final int SEND_TIMEOUT_MILLIS = 30_000;

    /** Takes a copy of the settings. */
    public DatasetTopics {
        connection = Map.copyOf(connection);
    }

    String name(Topic topic) {
        return topic.name(prefix);
    }

    KafkaConsumer<String, byte[]> reader() {
        Map<String, Object> settings = new HashMap<>(connection);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, RECORDS_A_POLL);
        return TopicReader.open(settings);
    }

    KafkaProducer<String, byte[]> writer() {
        Map<String, Object> settings = new HashMap<>(connection);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        // The first record to a new partition can be overtaken by the next and is then refused for ever (KAFKA-15591).
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, SEND_TIMEOUT_MILLIS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, SEND_TIMEOUT_MILLIS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, SEND_TIMEOUT_MILLIS);
        return new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }

    /** The manifest in a record; empty if it is a deletion or something else, whose author hears about it elsewhere. */
    static Optional<DatasetManifest> manifest(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ProtoJson.parseLenient(
                            new String(record.value(), StandardCharsets.UTF_8), DatasetManifest.newBuilder())
                    .build());
        } catch (InvalidJsonException e) {
            return Optional.empty();
        }
    }
}
