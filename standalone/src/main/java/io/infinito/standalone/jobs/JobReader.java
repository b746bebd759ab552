package io.infinito.standalone.jobs;

import com.google.protobuf.Message;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.events.TopicReader;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads both job topics from their beginning, without a consumer group, so that any number of readers see everything. */
public final class JobReader implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(250);

    private final KafkaConsumer<String, byte[]> consumer;
    private final String jobsTopic;
    private final List<TopicPartition> partitions = new ArrayList<>();

    JobReader(String bootstrapServers, String jobsTopic, String epochsTopic) {
        this.jobsTopic = jobsTopic;
        consumer = TopicReader.open(Map.of("bootstrap.servers", bootstrapServers));
        for (String topic : List.of(jobsTopic, epochsTopic)) {
            partitions.addAll(TopicReader.partitions(consumer, topic));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** The latest state of every job, the one that changed last at the end. */
    public List<TrainJobStatus> jobs() {
        Map<String, TrainJobStatus> latest = new LinkedHashMap<>();
        Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
        while (isBefore(end)) {
            for (ConsumerRecord<String, byte[]> record : poll()) {
                if (record.topic().equals(jobsTopic)) {
                    parse(record, TrainJobStatus.newBuilder())
                            .map(TrainJobStatus.Builder::build)
                            .filter(status -> !isOutdated(status, latest.get(record.key())))
                            .ifPresent(status -> latest.put(record.key(), status));
                }
            }
        }
        return latest.values().stream()
                .sorted(Comparator.comparing(TrainJobStatus::getUpdatedAt))
                .toList();
    }

    /**
     * Tells the listener everything that happened to a job and what happens to it from now on, until it ends.
     *
     * @param goOn asked a few times a second; false ends the watch
     * @return the job's last state, or empty if the watch ended before the job
     */
    public Optional<TrainJobStatus> follow(String jobId, JobListener listener, BooleanSupplier goOn) {
        TrainJobStatus last = null;
        JobListener once = new OncePerEvent(listener);
        while (goOn.getAsBoolean()) {
            last = tellNext(jobId, once, last);
            if (last != null && isTerminal(last.getPhase())) {
                // Behind this state may lie the last epoch, or the states of a later submission: read what is there by
                // now.
                Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
                while (isBefore(end)) {
                    last = tellNext(jobId, once, last);
                }
                if (isTerminal(last.getPhase())) {
                    return Optional.of(last);
                }
            }
        }
        return Optional.empty();
    }

    /** Whether a status was still on its way from an attempt that had been replaced. */
    private static boolean isOutdated(TrainJobStatus status, TrainJobStatus before) {
        return before != null && status.getAttempt() > 0 && status.getAttempt() < before.getAttempt();
    }

    /** Whether a job in this phase has ended. */
    public static boolean isTerminal(TrainJobStatus.Phase phase) {
        return switch (phase) {
            case COMPLETED, FAILED, CANCELLED, REJECTED -> true;
            case PHASE_UNSPECIFIED, ACCEPTED, WAITING_FOR_DATASET, RUNNING, UNRECOGNIZED -> false;
        };
    }

    /** Lets the connection go. */
    @Override
    public void close() {
        consumer.close();
    }

    private TrainJobStatus tellNext(String jobId, JobListener listener, TrainJobStatus before) {
        TrainJobStatus last = before;
        for (ConsumerRecord<String, byte[]> record : poll()) {
            if (!jobId.equals(record.key())) {
                continue;
            }
            if (record.topic().equals(jobsTopic)) {
                Optional<TrainJobStatus> status =
                        parse(record, TrainJobStatus.newBuilder()).map(TrainJobStatus.Builder::build);
                if (status.isPresent() && !isOutdated(status.get(), last)) {
                    listener.status(status.get());
                    last = status.get();
                }
            } else {
                parse(record, EpochCompleted.newBuilder())
                        .map(EpochCompleted.Builder::build)
                        .ifPresent(listener::epoch);
            }
        }
        return last;
    }

    private List<ConsumerRecord<String, byte[]>> poll() {
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        consumer.poll(POLL).forEach(records::add);
        // A poll brings one topic after the other.
        records.sort(Comparator.comparingLong(ConsumerRecord::timestamp));
        return records;
    }

    private boolean isBefore(Map<TopicPartition, Long> end) {
        return end.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue());
    }

    /** Records of others that are not readable are passed over: a look at the topic must not fail on them. */
    private static <B extends Message.Builder> Optional<B> parse(ConsumerRecord<String, byte[]> record, B builder) {
        if (record.value() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ProtoJson.parseLenient(new String(record.value(), StandardCharsets.UTF_8), builder));
        } catch (InvalidJsonException e) {
            return Optional.empty();
        }
    }
}
