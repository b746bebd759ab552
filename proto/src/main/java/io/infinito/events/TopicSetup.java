package io.infinito.events;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Makes the topics that a service uses, where they are missing, before its channels open. Existing topics are left as they are. */
public final class TopicSetup {
    private TopicSetup() {}

    /**
     * Waits for the broker and makes what is missing.
     *
     * @param bootstrapServers as Kafka clients take them
     * @param prefix before each topic's name
     * @param topics the ones the service reads or writes; the dead-letter topic of those in {@code deadLetters} is made too
     * @param deadLetters the ones the service moves unreadable records away from
     * @param timeout how long the broker may take to answer
     * @throws KafkaException if the broker does not answer in time or refuses
     */
    public static void ensure(
            String bootstrapServers, String prefix, Set<Topic> topics, Set<Topic> deadLetters, Duration timeout) {
        List<NewTopic> wanted = new ArrayList<>();
        EnumSet.copyOf(topics)
                .forEach(t -> wanted.add(new NewTopic(t.name(prefix), Optional.of(t.partitions()), Optional.empty())
                        .configs(t.settings())));
        deadLetters.forEach(t -> wanted.add(new NewTopic(t.deadLetterName(prefix), Optional.of(1), Optional.empty())
                .configs(Map.of("retention.ms", "-1"))));
        int millis = Math.toIntExact(timeout.toMillis());
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "default.api.timeout.ms",
                millis,
                "request.timeout.ms",
                Math.min(millis, 30_000));
        try (Admin admin = Admin.create(settings)) {
            Collection<String> existing = admin.listTopics().names().get(millis, TimeUnit.MILLISECONDS);
            wanted.removeIf(topic -> existing.contains(topic.name()));
            for (var made : admin.createTopics(wanted).values().values()) {
                awaitMade(made, millis);
            }
        } catch (ExecutionException e) {
            throw new KafkaException(
                    "kafka.bootstrap.servers=" + bootstrapServers + ": "
                            + e.getCause().getMessage(),
                    e.getCause());
        } catch (java.util.concurrent.TimeoutException e) {
            throw new KafkaException("kafka.bootstrap.servers=" + bootstrapServers + ": no answer in " + timeout, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while making topics", e);
        }
    }

    private static void awaitMade(org.apache.kafka.common.KafkaFuture<Void> made, int millis)
            throws ExecutionException, InterruptedException, java.util.concurrent.TimeoutException {
        try {
            made.get(millis, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            // Another service made it in the meantime.
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }
}
