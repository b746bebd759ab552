package io.infinito.train.job;

import io.infinito.dataset.DatasetClient;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.LocalDatasets;
import io.infinito.dataset.ShardReader;
import io.infinito.dataset.TokenCache;
import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageSettings;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.EnumSet;

/** What the service is made of at start: its topics and its store. */
@ApplicationScoped
public class TrainerApplication {
    /** Makes the topics before the channels open. */
    void start(@Observes @Priority(1) StartupEvent event, KafkaClients kafka, TrainerConfig config) {
        TopicSetup.ensure(
                kafka.bootstrapServers(),
                kafka.prefix(),
                EnumSet.of(
                        Topic.TRAIN_REQUESTS,
                        Topic.TRAIN_COMMANDS,
                        Topic.TRAIN_EPOCHS,
                        Topic.TRAIN_JOBS,
                        Topic.DATASET_REQUESTS,
                        Topic.DATASET_SHARDS,
                        Topic.DATASETS),
                EnumSet.of(Topic.TRAIN_REQUESTS, Topic.TRAIN_COMMANDS),
                config.startupTimeout());
    }

    @Produces
    @Singleton
    ObjectStore store(StorageSettings settings) {
        return new ObjectStore(settings.toConfig());
    }

    @Produces
    @Singleton
    LocalDatasets datasets(KafkaClients kafka, TrainerConfig config) {
        DatasetTopics topics = new DatasetTopics(kafka.settings(), kafka.prefix());
        return new LocalDatasets(
                new DatasetClient(topics, "trainer-service"),
                new TokenCache(config.workFolder().resolve("tokens"), new ShardReader(topics)));
    }

    void close(@Disposes ObjectStore store) {
        store.close();
    }
}
