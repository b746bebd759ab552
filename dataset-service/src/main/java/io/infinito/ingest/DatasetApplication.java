package io.infinito.ingest;

import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Puts the service together from its configuration, and makes its topics before the channels open. */
@ApplicationScoped
public class DatasetApplication {
    private static final Duration BROKER_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

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
        PreparationLimits limits = PreparationLimits.of(config);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            RecordLimits.check(
                    admin,
                    Map.of(
                            Topic.DATASET_TEXTS.name(prefix),
                            limits.maxPieceBytes(),
                            Topic.DATASET_SHARDS.name(prefix),
                            limits.shardBytes()));
        }
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
        producer.close(CLOSE_TIMEOUT);
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
    Admin admin(KafkaClients clients) {
        return clients.admin();
    }

    void close(@Disposes Admin admin) {
        admin.close(CLOSE_TIMEOUT);
    }

    @Produces
    @Singleton
    DatasetPreparer preparer(
            KafkaClients clients, Producer<String, byte[]> producer, Admin admin, DatasetCatalog catalog) {
        PreparationLimits limits = PreparationLimits.of(config);
        String texts = Topic.DATASET_TEXTS.name(prefix);
        ShardTopic shards = new ShardTopic(Topic.DATASET_SHARDS.name(prefix), admin);
        return new DatasetPreparer(
                new Sources(config.sources(), storage.toConfig()),
                catalog,
                shards,
                (claim, interruption) -> new PieceExchange(
                        new PieceExchange.Order(
                                claim.getDatasetId(),
                                claim.getSpec().getTokenizer(),
                                claim.getAttempt(),
                                texts,
                                claim.getRangesList()),
                        producer,
                        clients.consumerOf(shards.name()),
                        limits,
                        interruption),
                limits,
                () -> stopping);
    }
}
