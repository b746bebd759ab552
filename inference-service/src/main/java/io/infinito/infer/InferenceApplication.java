package io.infinito.infer;

import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.engine.EngineMetrics;
import io.infinito.infer.model.CheckpointCache;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ModelLoader;
import io.infinito.infer.model.ReloadMetrics;
import io.infinito.infer.model.StartupTimeline;
import io.infinito.infer.model.Torch;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Puts the parts together and starts them. */
@Singleton
public class InferenceApplication {
    private static final Logger LOG = Logger.getLogger(InferenceApplication.class);
    private static final Duration BROKER_TIMEOUT = Duration.ofSeconds(30);

    private final InferenceConfig config;
    private final RequestDefaults requestDefaults;
    private final Duration drainTimeout;
    private final String bootstrapServers;
    private final String topicPrefix;

    /** Called by the container. */
    public InferenceApplication(
            InferenceConfig config,
            @ConfigProperty(name = "kafka.bootstrap.servers") String bootstrapServers,
            @ConfigProperty(name = "infinito.topics.prefix") Optional<String> topicPrefix) {
        this.config = config;
        // What is wrong here ends the start: otherwise requests would be refused for what they did not say, or the stop
        // would fail.
        requestDefaults = config.requestDefaults();
        drainTimeout = config.checkedDrainTimeout();
        this.bootstrapServers = bootstrapServers;
        this.topicPrefix = topicPrefix.orElse("");
    }

    @Produces
    @Singleton
    ObjectStore store(StorageSettings settings) {
        return new ObjectStore(settings.toConfig());
    }

    @Produces
    @Singleton
    Engine engine(MeterRegistry registry) {
        return new Engine(config.limits(), new EngineMetrics(registry));
    }

    @Produces
    @Singleton
    RequestReader requestReader() {
        return new RequestReader(requestDefaults);
    }

    @Produces
    @Singleton
    Torch torch() {
        return new Torch(config.device(), config.threads(), config.format());
    }

    @Produces
    @Singleton
    StartupTimeline timeline() {
        return new StartupTimeline();
    }

    @Produces
    @Singleton
    ModelFollower follower(
            ObjectStore store, Torch torch, MeterRegistry registry, StartupTimeline timeline, ServingStatus status) {
        CheckpointCache cache = new CheckpointCache(
                config.cacheDirectory().resolve(config.modelName()).toAbsolutePath());
        return new ModelFollower(
                config.modelName(),
                config.served(),
                store,
                new ModelLoader(store, cache, torch, config.limits().caches(), timeline),
                cache,
                new ReloadMetrics(registry),
                timeline,
                () -> status.serving(true));
    }

    void closeStore(@Disposes ObjectStore store) {
        store.close();
    }

    void closeEngine(@Disposes Engine engine) throws InterruptedException {
        engine.close();
    }

    void closeFollower(@Disposes ModelFollower follower) throws InterruptedException {
        follower.close();
    }

    void start(
            @Observes @Priority(1) StartupEvent event,
            Torch torch,
            StartupTimeline timeline,
            ModelFollower follower,
            ServingStatus status) {
        timeline.reached(StartupTimeline.Milestone.SERVICES);
        status.serving(false);
        // Beside asking the store, downloading and hashing.
        torch.startInBackground(timeline);
        follower.start(config.checkedPollInterval());
        // Not waited for: without a broker the poll still finds models.
        Thread topics = new Thread(this::ensureTopics, "topic-setup");
        topics.setDaemon(true);
        topics.start();
    }

    /**
     * Before the servers close: whoever balances load sees that this replica goes, and what runs may end. At {@link
     * io.quarkus.runtime.ShutdownEvent} HTTP has closed already.
     */
    void drain(@Observes ShutdownDelayInitiatedEvent event, ServingStatus status, Engine engine)
            throws InterruptedException {
        status.drain();
        if (!engine.drain(drainTimeout)) {
            LOG.warnf("generations still run after infinito.inference.drain-timeout=%s", drainTimeout);
        }
    }

    private void ensureTopics() {
        try {
            TopicSetup.ensure(bootstrapServers, topicPrefix, Set.of(Topic.TRAIN_EPOCHS), Set.of(), BROKER_TIMEOUT);
        } catch (KafkaException e) {
            LOG.warnf("no events for now, new models are found every %s: %s", config.pollInterval(), e.getMessage());
        }
    }
}
