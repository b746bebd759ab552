package io.infinito.train.job;

import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import io.smallrye.common.annotation.Identifier;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Consumers that read a topic from where they like, without a group. */
@ApplicationScoped
public class KafkaClients {
    private final Map<String, Object> settings;
    private final String prefix;

    KafkaClients(
            @Identifier("default-kafka-broker") Map<String, Object> settings,
            @ConfigProperty(name = "infinito.topics.prefix") Optional<String> prefix) {
        this.settings = Map.copyOf(settings);
        this.prefix = prefix.orElse("");
    }

    /** A consumer that commits nothing. */
    public KafkaConsumer<String, byte[]> reader() {
        return TopicReader.open(settings);
    }

    /** All partitions of a topic. */
    public List<TopicPartition> partitions(KafkaConsumer<?, ?> consumer, Topic topic) {
        return TopicReader.partitions(consumer, topic.name(prefix));
    }

    /** What every client needs to connect. */
    public Map<String, Object> settings() {
        return settings;
    }

    /** Where a bootstrap connection goes. */
    public String bootstrapServers() {
        return String.valueOf(settings.get("bootstrap.servers"));
    }

    /** Before each topic's name. */
    public String prefix() {
        return prefix;
    }
}
