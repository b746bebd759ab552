package io.infinito.dataset;

import io.infinito.embedded.EmbeddedProcess;
import io.infinito.events.Topic;
import io.infinito.events.TopicSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/** Tests with one broker for all of them, and topics of their own for each. */
abstract class BrokerTest {
    /** Ends with the process of the tests. */
    private static final EmbeddedProcess BROKER = start();

    DatasetTopics topics;

    private static EmbeddedProcess start() {
        try {
            return EmbeddedProcess.broker(Files.createTempDirectory(Path.of("target"), "broker"), 0);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @BeforeEach
    void makeTopics() {
        String prefix = UUID.randomUUID() + ".";
        topics = new DatasetTopics(Map.of("bootstrap.servers", BROKER.address()), prefix);
        TopicSetup.ensure(
                BROKER.address(),
                prefix,
                Set.of(Topic.DATASETS, Topic.DATASET_REQUESTS, Topic.DATASET_SHARDS),
                Set.of(),
                Duration.ofSeconds(30));
    }

    /** Topics of a broker that is not there. */
    static DatasetTopics nowhere() {
        return new DatasetTopics(
                Map.of("bootstrap.servers", "127.0.0.1:1", "default.api.timeout.ms", 1, "request.timeout.ms", 1), "");
    }
}
