package io.infinito.train.job;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** All jobs of all trainers, as {@code train.jobs} and {@code train.epochs} tell them from the beginning. */
@ApplicationScoped
public class RunHistory {
    private static final Logger LOG = Logger.getLogger(RunHistory.class);
    private static final Duration POLL = Duration.ofMillis(200);

    private final KafkaClients kafka;
    private final Map<String, TrainJobStatus> statuses = new ConcurrentHashMap<>();
    private final Map<String, ConcurrentSkipListMap<Integer, EpochCompleted>> epochs = new ConcurrentHashMap<>();
    /** Counts the times that the reader stood at the end of both topics, as they were when it asked. */
    private final AtomicLong timesCaughtUp = new AtomicLong();

    private volatile boolean open = true;
    private Thread reader;

    RunHistory(KafkaClients kafka) {
        this.kafka = kafka;
    }

    void start(@Observes StartupEvent event) {
        reader = new Thread(this::follow, "run-history");
        reader.setDaemon(true);
        reader.start();
    }

    void stop(@Observes ShutdownEvent event) throws InterruptedException {
        open = false;
        reader.join(POLL.toMillis() * 10);
    }

    /** The last status of a job. */
    public Optional<TrainJobStatus> status(String jobId) {
        return Optional.ofNullable(statuses.get(jobId));
    }

    /** The last status of every job. */
    public Collection<TrainJobStatus> statuses() {
        return statuses.values();
    }

    /** The epochs of a job, in order, each once. */
    public List<EpochCompleted> epochs(String jobId) {
        ConcurrentSkipListMap<Integer, EpochCompleted> ofJob = epochs.get(jobId);
        return ofJob == null ? List.of() : List.copyOf(ofJob.values());
    }

    /** Returns when everything that was in the topics at the time of the call has been read. */
    void catchUp() {
        // The round that is under way may have asked for the end before this call.
        long target = timesCaughtUp.get() + 2;
        synchronized (timesCaughtUp) {
            while (open && timesCaughtUp.get() < target) {
                try {
                    timesCaughtUp.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while reading train.jobs", e);
                }
            }
        }
    }

    private void follow() {
        while (open) {
            try (KafkaConsumer<String, byte[]> consumer = kafka.reader()) {
                List<TopicPartition> partitions = new ArrayList<>(kafka.partitions(consumer, Topic.TRAIN_JOBS));
                partitions.addAll(kafka.partitions(consumer, Topic.TRAIN_EPOCHS));
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                while (open) {
                    readToEnd(consumer, partitions);
                }
            } catch (KafkaException e) {
                LOG.warnf("train.jobs and train.epochs cannot be read, the reader starts again: %s", e.getMessage());
            } finally {
                caughtUp();
            }
        }
    }

    private void readToEnd(KafkaConsumer<String, byte[]> consumer, List<TopicPartition> partitions) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        do {
            consumer.poll(POLL).forEach(this::keep);
        } while (open && ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue()));
        caughtUp();
    }

    private void caughtUp() {
        synchronized (timesCaughtUp) {
            timesCaughtUp.incrementAndGet();
            timesCaughtUp.notifyAll();
        }
    }

    private void keep(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return;
        }
        String json = new String(record.value(), StandardCharsets.UTF_8);
        try {
            if (record.topic().equals(Topic.TRAIN_JOBS.name(kafka.prefix()))) {
                TrainJobStatus status = ProtoJson.parseLenient(json, TrainJobStatus.newBuilder())
                        .build();
                // What an attempt that was replaced had still under way is no news.
                statuses.merge(
                        status.getJobId(),
                        status,
                        (before, now) -> now.getAttempt() > 0 && now.getAttempt() < before.getAttempt() ? before : now);
            } else {
                EpochCompleted epoch = ProtoJson.parseLenient(json, EpochCompleted.newBuilder())
                        .build();
                epochs.computeIfAbsent(epoch.getJobId(), id -> new ConcurrentSkipListMap<>())
                        .merge(
                                epoch.getEpoch(),
                                epoch,
                                (before, now) -> now.getAttempt() < before.getAttempt() ? before : now);
            }
        } catch (InvalidJsonException e) {
            LOG.warnf("a record of %s is left out: %s", record.topic(), e.getMessage());
        }
    }
}
