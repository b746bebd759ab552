package io.infinito.standalone.stack;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.events.TopicReader;
import io.infinito.standalone.jobs.JobReader;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;

/** Every record of both job topics, as they come, repeated ones too. */
final class TrainTopics implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final List<TrainJobStatus> statuses = new CopyOnWriteArrayList<>();
    private final List<EpochCompleted> epochs = new CopyOnWriteArrayList<>();
    private final String brokers;
    private final Thread follower = new Thread(this::follow, "train-topics");
    private volatile boolean open = true;

    /** Begins to follow; the topics exist. */
    TrainTopics(String brokers) {
        this.brokers = brokers;
        follower.setDaemon(true);
        follower.start();
    }

    /** The statuses of a job in the order of the topic. */
    List<TrainJobStatus> statuses(String jobId) {
        return statuses.stream().filter(s -> s.getJobId().equals(jobId)).toList();
    }

    /** The epochs of a job in the order of the topic. */
    List<EpochCompleted> epochs(String jobId) {
        return epochs.stream().filter(e -> e.getJobId().equals(jobId)).toList();
    }

    /** Returns when a job has told of something. */
    void await(String jobId, Predicate<TrainJobStatus> expected) {
        Awaitility.await(jobId)
                .pollInterval(10, TimeUnit.MILLISECONDS)
                .atMost(PATIENCE)
                .until(() -> statuses(jobId).stream().anyMatch(expected));
    }

    /** Returns the last word on a job. */
    TrainJobStatus awaitEnd(String jobId) {
        await(jobId, status -> JobReader.isTerminal(status.getPhase()));
        List<TrainJobStatus> all = statuses(jobId);
        return all.get(all.size() - 1);
    }

    @Override
    public void close() throws InterruptedException {
        open = false;
        follower.join();
    }

    private void follow() {
        try (KafkaConsumer<String, byte[]> consumer = TopicReader.open(
                Map.of("bootstrap.servers", brokers, "reconnect.backoff.max.ms", 200, "fetch.max.wait.ms", 50))) {
            List<TopicPartition> partitions = new ArrayList<>();
            partitions.addAll(TopicReader.partitions(consumer, Topic.TRAIN_JOBS.name("")));
            partitions.addAll(TopicReader.partitions(consumer, Topic.TRAIN_EPOCHS.name("")));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (open) {
                consumer.poll(POLL).forEach(this::keep);
            }
        }
    }

    private void keep(ConsumerRecord<String, byte[]> record) {
        String json = new String(record.value(), StandardCharsets.UTF_8);
        try {
            if (record.topic().equals(Topic.TRAIN_JOBS.name(""))) {
                statuses.add(ProtoJson.parse(json, TrainJobStatus.newBuilder()).build());
            } else {
                epochs.add(ProtoJson.parse(json, EpochCompleted.newBuilder()).build());
            }
        } catch (InvalidJsonException e) {
            throw new IllegalStateException(json, e);
        }
    }
}
