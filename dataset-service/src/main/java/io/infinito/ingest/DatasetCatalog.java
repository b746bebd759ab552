package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.events.CloudEvent;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Every dataset's manifest, as the topic {@code datasets} has it. Follows the topic on a thread of its own, so that all replicas agree on
 * who prepares what: see {@link #accepts}.
 */
public final class DatasetCatalog implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(DatasetCatalog.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration PUBLISH_TIMEOUT = Duration.ofMinutes(10);

    private final String topic;
    private final Producer<String, byte[]> producer;
    private final Consumer<String, byte[]> consumer;
    private final Thread follower = new Thread(this::follow, "dataset-catalog");

    // Guarded by this, which is notified of every change.
    private final Map<String, Entry> entries = new HashMap<>();
    private final Map<Integer, Long> read = new HashMap<>();

    private volatile boolean caughtUp;
    private volatile boolean closed;

    /**
     * Starts to read the topic from its beginning.
     *
     * @param producer not closed here
     * @param consumer assigned to all partitions of the topic; closed with this
     */
    DatasetCatalog(String topic, Producer<String, byte[]> producer, Consumer<String, byte[]> consumer) {
        this.topic = topic;
        this.producer = producer;
        this.consumer = consumer;
        consumer.seekToBeginning(consumer.assignment());
        follower.setDaemon(true);
        follower.start();
    }

    /** The manifest of a dataset that counts. */
    public synchronized Optional<DatasetManifest> find(String datasetId) {
        return Optional.ofNullable(entries.get(datasetId)).map(Entry::manifest);
    }

    /** All datasets, by their ids. */
    public synchronized List<DatasetManifest> list() {
        return entries.values().stream()
                .map(Entry::manifest)
                .sorted(Comparator.comparing(DatasetManifest::getDatasetId))
                .toList();
    }

    /** Whether it knows all that was there when it started. */
    public boolean isCaughtUp() {
        return caughtUp;
    }

    /** Whether nothing was heard of a dataset for some time, or ever. */
    synchronized boolean isSilent(String datasetId, Duration time) {
        Entry entry = entries.get(datasetId);
        return entry == null || System.nanoTime() - entry.heard() > time.toNanos();
    }

    /**
     * Waits until it knows all that was there when it started.
     *
     * @throws PreparationException if that takes too long
     */
    void awaitCaughtUp(Duration timeout) {
        if (!await(() -> caughtUp, timeout)) {
            throw new PreparationException("the topic " + topic + " could not be read in " + timeout);
        }
    }

    /** Waits until another manifest than {@code known} counts for its dataset, or time is up. */
    void awaitChange(DatasetManifest known, Duration timeout) {
        await(() -> !find(known.getDatasetId()).equals(Optional.of(known)), timeout);
    }

    /**
     * Writes a manifest under its dataset's id, or under the request's where it has none. After this, {@link #find} knows everything
     * that stands on the topic up to it.
     *
     * @throws PreparationException if the broker does not take it
     */
    void publish(DatasetManifest manifest) {
        try {
            RecordMetadata written = send(manifest).get(PUBLISH_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            if (!await(() -> read.getOrDefault(written.partition(), 0L) > written.offset(), PUBLISH_TIMEOUT)) {
                throw new PreparationException("the topic " + topic + " could not be read in " + PUBLISH_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PreparationException("interrupted while a manifest was written to " + topic, e);
        } catch (TimeoutException e) {
            throw new PreparationException("a manifest could not be written to " + topic + " in " + PUBLISH_TIMEOUT, e);
        } catch (ExecutionException e) {
            throw new PreparationException(
                    "a manifest could not be written to " + topic + ": "
                            + e.getCause().getMessage(),
                    e);
        }
    }

    /** Writes a manifest without waiting for anything. One that does not arrive is not missed. */
    void announce(DatasetManifest manifest) {
        Future<RecordMetadata> unused = send(manifest);
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            follower.join(STOP_TIMEOUT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Whether a manifest takes the place of the one that counts. Attempts only grow; within one, the first worker's claim counts, then
     * its progress and its result. A progress event of attempt 0 repeats another worker's for somebody else who asked.
     */
    static boolean accepts(DatasetManifest known, DatasetManifest next) {
        if (next.getState() != State.PREPARING) {
            return next.getAttempt() >= known.getAttempt();
        }
        return next.getAttempt() > known.getAttempt()
                || (next.getAttempt() > 0
                        && next.getAttempt() == known.getAttempt()
                        && known.getState() == State.PREPARING
                        && next.getWorker().equals(known.getWorker()));
    }

    private Future<RecordMetadata> send(DatasetManifest manifest) {
        String id = manifest.getDatasetId();
        String key = id.isEmpty() ? manifest.getRequestId() : id;
        CloudEvent event = CloudEvent.of(DatasetManifest.getDescriptor(), "dataset-service", CloudEvent.JSON);
        byte[] json = ProtoJson.print(manifest).getBytes(StandardCharsets.UTF_8);
        return producer.send(new ProducerRecord<>(topic, null, key, json, event.headers()));
    }

    private void follow() {
        try (consumer) {
            Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
            while (!closed) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    read(record);
                }
                settle(ends);
            }
        } catch (WakeupException e) {
            if (!closed) {
                throw e;
            }
        }
    }

    private synchronized void settle(Map<TopicPartition, Long> ends) {
        consumer.assignment().forEach(partition -> read.put(partition.partition(), consumer.position(partition)));
        caughtUp |= ends.entrySet().stream()
                .allMatch(end -> read.getOrDefault(end.getKey().partition(), 0L) >= end.getValue());
        notifyAll();
    }

    private synchronized void read(ConsumerRecord<String, byte[]> record) {
        if (record.key() == null) {
            return;
        }
        if (record.value() == null) {
            entries.remove(record.key());
            return;
        }
        try {
            String json = new String(record.value(), StandardCharsets.UTF_8);
            DatasetManifest manifest =
                    ProtoJson.parseLenient(json, DatasetManifest.newBuilder()).build();
            // A failed request without a dataset has its own id as the key.
            if (record.key().equals(manifest.getDatasetId())
                    && accepts(find(record.key()).orElse(DatasetManifest.getDefaultInstance()), manifest)) {
                entries.put(record.key(), new Entry(manifest, System.nanoTime()));
            }
        } catch (InvalidJsonException e) {
            LOG.warnf("%s-%d@%d is passed over: %s", topic, record.partition(), record.offset(), e.getMessage());
        }
    }

    /** Whether the condition, which is evaluated under the lock, became true in time. */
    private synchronized boolean await(BooleanSupplier condition, Duration timeout) {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            for (long left = timeout.toNanos(); !condition.getAsBoolean(); left = end - System.nanoTime()) {
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PreparationException("interrupted while the topic " + topic + " was read", e);
        }
    }

    /**
     * A manifest that counts.
     *
     * @param heard when, by {@link System#nanoTime}
     */
    private record Entry(DatasetManifest manifest, long heard) {}
}
