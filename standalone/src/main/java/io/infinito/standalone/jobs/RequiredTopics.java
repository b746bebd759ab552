package io.infinito.standalone.jobs;

import io.infinito.events.Topic;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/** The clients themselves wait and retry for long when something is missing; asked first, the answer is quick and clear. */
public final class RequiredTopics {
    private RequiredTopics() {}

    /**
     * Makes sure that there are a broker and these topics.
     *
     * @param bootstrapServers as Kafka clients take them
     * @param prefix before each topic's name, may be empty
     * @throws JobsUnavailable if not
     */
    public static void require(String bootstrapServers, String prefix, Topic... topics) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrapServers,
                "request.timeout.ms", 5_000,
                "default.api.timeout.ms", 10_000);
        try (Admin admin = Admin.create(settings)) {
            Set<String> existing = admin.listTopics().names().get(10, TimeUnit.SECONDS);
            Set<String> missing = new TreeSet<>(
                    Arrays.stream(topics).map(topic -> topic.name(prefix)).toList());
            missing.removeAll(existing);
            if (!missing.isEmpty()) {
                throw new JobsUnavailable("Kafka at " + bootstrapServers + " has no topic " + String.join(", ", missing)
                        + ": are the services running, and is --topics-prefix '" + prefix + "' theirs?");
            }
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            throw new JobsUnavailable(
                    "cannot reach Kafka at " + bootstrapServers
                            + ": start the services with './infinito up', or give --kafka HOST:PORT",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JobsUnavailable("interrupted while asking Kafka at " + bootstrapServers, e);
        }
    }
}
