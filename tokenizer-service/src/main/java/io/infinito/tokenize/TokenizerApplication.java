package io.infinito.tokenize;

import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Puts the service together from its configuration, and makes its topics before the channels open. */
@ApplicationScoped
public class TokenizerApplication {
    private static final Duration BROKER_TIMEOUT = Duration.ofSeconds(60);

    void makeTopics(
            @Observes @Priority(1) StartupEvent event,
            @ConfigProperty(name = "kafka.bootstrap.servers") String bootstrapServers,
            @ConfigProperty(name = "infinito.topics.prefix") Optional<String> prefix,
            TokenizerCatalog loadedNow) {
        TopicSetup.ensure(
                bootstrapServers,
                prefix.orElse(""),
                Set.of(Topic.DATASET_TEXTS, Topic.DATASET_SHARDS),
                Set.of(Topic.DATASET_TEXTS),
                BROKER_TIMEOUT);
    }

    @Produces
    @Singleton
    TokenizerLimits limits(TokenizerConfig config) {
        return TokenizerLimits.of(config);
    }

    @Produces
    @Singleton
    TokenizerCatalog tokenizers(TokenizerConfig config) {
        return new TokenizerCatalog(config.defaultTokenizer());
    }

    void close(@Disposes TokenizerCatalog tokenizers) {
        tokenizers.close();
    }

    @Produces
    @Singleton
    ShardEncoder encoder(TokenizerCatalog tokenizers) {
        return new ShardEncoder(tokenizers);
    }

    @Produces
    @Singleton
    TextCodec codec(TokenizerCatalog tokenizers, TokenizerLimits limits) {
        return new TextCodec(tokenizers, limits);
    }
}
