package io.infinito.ingest;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RetriableException;

/** Whether the broker takes records as large as pieces and shards may become. */
final class RecordLimits {
    private static final String LIMIT = "max.message.bytes";
    /** The other fields, the key, the headers, and the frame of a batch. */
    private static final int OVERHEAD_BYTES = 4096;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private RecordLimits() {}

    /**
     * Compares what will be written with what the topics take.
     *
     * @param largest bytes of the largest payload for each topic
     * @throws IllegalArgumentException if a topic takes less; the message says which limit to raise
     */
    static void check(Admin admin, Map<String, Integer> largest) {
        largest.forEach((topic, bytes) -> {
            int needed = bytes + OVERHEAD_BYTES;
            int allowed = limit(admin, topic);
            if (allowed < needed) {
                throw new IllegalArgumentException(
                        "topic %s: %s=%d is too small for infinito.dataset.shard-tokens: set it to at least %d (and the broker's message.max.bytes), or lower infinito.dataset.shard-tokens"
                                .formatted(topic, LIMIT, allowed, needed));
            }
        });
    }

    private static int limit(Admin admin, String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return Integer.parseInt(admin.describeConfigs(Set.of(resource))
                        .all()
                        .get()
                        .get(resource)
                        .get(LIMIT)
                        .value());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new PreparationException(
                        "interrupted while the broker was asked for " + LIMIT + " of " + topic, e);
            } catch (ExecutionException e) {
                // A broker may not know a topic yet that was made a moment ago.
                if (!(e.getCause() instanceof RetriableException) || System.nanoTime() > end) {
                    throw new PreparationException(
                            "the broker does not tell " + LIMIT + " of " + topic + ": "
                                    + e.getCause().getMessage(),
                            e);
                }
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
