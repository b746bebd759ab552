package io.infinito.ingest;

import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import io.infinito.ingest.source.HubSettings;
import io.infinito.ingest.source.Sources;
import io.infinito.storage.StorageSettings;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Puts the service together from its configuration, and makes its topics before the channels open. */
@ApplicationScoped
public class DatasetApplication {
    private static final Duration BROKER_TIMEOUT = Duration.ofSeconds(60);

    private final String bootstrapServers;
    private final String prefix;
    private final DatasetConfig config;
    private final StorageSettings storage;
    private volatile boolean stopping;

    DatasetApplication(
            @ConfigProperty(name = "kafka.bootstrap.servers") String bootstrapServers,
            @ConfigProperty(name = "infinito.topics.prefix") Optional<String> prefix,
            DatasetConfig config,
            StorageSettings storage) {
        this.bootstrapServers = bootstrapServers;
        this.prefix = prefix.orElse("");
        this.config = config;
        this.storage = storage;
    }

    void makeTopics(@Observes @Priority(1) StartupEvent event) {
        TopicSetup.ensure(
                bootstrapServers,
                prefix,
                Set.of(Topic.DATASET_REQUESTS, Topic.DATASET_TEXTS, Topic.DATASET_SHARDS, Topic.DATASETS),
                Set.of(Topic.DATASET_REQUESTS),
                BROKER_TIMEOUT);
    }

    void stop(@Observes ShutdownEvent event) {
        stopping = true;
    }

    @Produces
    @Singleton
    KafkaClients clients(@Identifier("default-kafka-broker") Map<String, Object> connection) {
        return new KafkaClients(connection);
    }

    @Produces
    @Singleton
    Producer<String, byte[]> producer(KafkaClients clients) {
        return clients.producer();
    }

    void close(@Disposes Producer<String, byte[]> producer) {
        producer.close(Duration.ofSeconds(5));
    }

    @Produces
    @Singleton
    DatasetCatalog catalog(KafkaClients clients, Producer<String, byte[]> producer) {
        String topic = Topic.DATASETS.name(prefix);
        return new DatasetCatalog(topic, producer, clients.consumerOf(topic));
    }

    void close(@Disposes DatasetCatalog catalog) {
        catalog.close();
    }

    @Produces
    @Singleton
    RequestTopic requests(Producer<String, byte[]> producer) {
        return new RequestTopic(Topic.DATASET_REQUESTS.name(prefix), producer);
    }

    @Produces
    @Singleton
    DatasetPreparer preparer(KafkaClients clients, Producer<String, byte[]> producer, DatasetCatalog catalog) {
        PreparationLimits limits = PreparationLimits.of(config);
        HubSettings hub = new HubSettings(
                config.hub().baseUrl(), config.hub().token(), config.hub().timeout());
        String texts = Topic.DATASET_TEXTS.name(prefix);
        String shards = Topic.DATASET_SHARDS.name(prefix);
        return new DatasetPreparer(
                new Sources(hub, storage.toConfig()),
                catalog,
                (id, tokenizer) -> new PieceExchange(
                        id, tokenizer, texts, producer, clients.consumerOf(shards), limits, () -> stopping),
                limits);
    }
}
