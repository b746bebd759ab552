package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.ShardRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;

/**
 * What the broker says of the topic of token shards. All methods throw {@link RetriableException} while it does not answer. Safe for use
 * by several threads.
 *
 * @param name of the topic
 * @param admin not closed here
 */
record ShardTopic(String name, Admin admin) {
    /**
     * Kafka's id of the topic, which another topic of the same name does not have.
     *
     * @throws PreparationException if the broker does not say
     */
    String id() {
        return ask(() -> admin.describeTopics(Set.of(name))
                .allTopicNames()
                .get()
                .get(name)
                .topicId()
                .toString());
    }

    /**
     * Ranges that begin at the end of every partition: shards that are made from now on lie in them.
     *
     * @throws PreparationException if the broker does not say
     */
    List<ShardRange> end() {
        return ask(() -> {
            int partitions = admin.describeTopics(Set.of(name))
                    .allTopicNames()
                    .get()
                    .get(name)
                    .partitions()
                    .size();
            List<ShardRange> ranges = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                long end = offset(partition, OffsetSpec.latest());
                ranges.add(ShardRange.newBuilder()
                        .setPartition(partition)
                        .setFirstOffset(end)
                        .setEndOffset(end)
                        .build());
            }
            return ranges;
        });
    }

    /**
     * Whether the shards that a manifest tells of can still be there: it is the topic that they were written to, and nothing was cut off
     * from its beginning since then.
     *
     * @throws PreparationException if the broker does not say
     */
    boolean holds(DatasetManifest manifest) {
        return manifest.getRangesCount() > 0
                && manifest.getShardsTopicId().equals(id())
                && ask(() -> {
                    for (ShardRange range : manifest.getRangesList()) {
                        if (offset(range.getPartition(), OffsetSpec.earliest()) > range.getFirstOffset()
                                || offset(range.getPartition(), OffsetSpec.latest()) < range.getEndOffset()) {
                            return false;
                        }
                    }
                    return true;
                });
    }

    private long offset(int partition, OffsetSpec which) throws ExecutionException, InterruptedException {
        TopicPartition place = new TopicPartition(name, partition);
        return admin.listOffsets(Map.of(place, which))
                .partitionResult(place)
                .get()
                .offset();
    }

    private <T> T ask(Question<T> question) {
        try {
            return question.answer();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PreparationException("interrupted while the broker was asked about " + name, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException passing) {
                throw passing;
            }
            throw new PreparationException(
                    "the broker does not tell about the topic " + name + ": "
                            + e.getCause().getMessage(),
                    e);
        }
    }

    /** Something that the broker knows. */
    @FunctionalInterface
    private interface Question<T> {
        T answer() throws ExecutionException, InterruptedException;
    }
}
