package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.events.CloudEvent;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/** Every dataset's manifest, as the topic {@code datasets} has it. Follows the topic on a thread of its own. */
public final class DatasetCatalog implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(DatasetCatalog.class);
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final String topic;
    private final Producer<String, byte[]> producer;
    private final Consumer<String, byte[]> consumer;
    private final Map<String, Entry> manifests = new ConcurrentHashMap<>();
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final Thread follower = new Thread(this::follow, "dataset-catalog");
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

    /** The latest manifest of a dataset. */
    public Optional<DatasetManifest> find(String datasetId) {
        return Optional.ofNullable(manifests.get(datasetId)).map(Entry::manifest);
    }

    /** All datasets, by their ids. */
    public List<DatasetManifest> list() {
        return manifests.values().stream()
                .map(Entry::manifest)
                .sorted(Comparator.comparing(DatasetManifest::getDatasetId))
                .toList();
    }

    /** Whether it knows all that was there when it started. */
    public boolean isCaughtUp() {
        return caughtUp.getCount() == 0;
    }

    /**
     * Waits until it knows all that was there when it started.
     *
     * @throws PreparationException if that takes too long
     */
    void awaitCaughtUp(Duration timeout) {
        try {
            if (caughtUp.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new PreparationException("the topic " + topic + " could not be read in " + timeout);
    }

    /**
     * Writes a manifest under its dataset's id, or under the request's where it has none; {@link #find} knows it after this.
     *
     * @throws PreparationException if the broker does not take it
     */
    void publish(DatasetManifest manifest) {
        String id = manifest.getDatasetId();
        String key = id.isEmpty() ? manifest.getRequestId() : id;
        CloudEvent event = CloudEvent.of(DatasetManifest.getDescriptor(), "dataset-service", CloudEvent.JSON);
        byte[] json = ProtoJson.print(manifest).getBytes(StandardCharsets.UTF_8);
        try {
            long offset = producer.send(new ProducerRecord<>(topic, null, key, json, event.headers()))
                    .get()
                    .offset();
            if (!id.isEmpty()) {
                remember(id, new Entry(offset, manifest));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PreparationException("interrupted while a manifest was written to " + topic, e);
        } catch (ExecutionException e) {
            throw new PreparationException(
                    "a manifest could not be written to " + topic + ": "
                            + e.getCause().getMessage(),
                    e);
        }
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

    private void follow() {
        try (consumer) {
            Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
            while (!closed) {
                if (!isCaughtUp()
                        && ends.entrySet().stream()
                                .allMatch(end -> consumer.position(end.getKey()) >= end.getValue())) {
                    caughtUp.countDown();
                }
                consumer.poll(POLL).forEach(this::read);
            }
        } catch (WakeupException e) {
            if (!closed) {
                throw e;
            }
        }
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        if (record.key() == null) {
            return;
        }
        if (record.value() == null) {
            manifests.remove(record.key());
            return;
        }
        try {
            String json = new String(record.value(), StandardCharsets.UTF_8);
            DatasetManifest manifest =
                    ProtoJson.parseLenient(json, DatasetManifest.newBuilder()).build();
            // A failed request without a dataset has its own id as the key.
            if (record.key().equals(manifest.getDatasetId())) {
                remember(record.key(), new Entry(record.offset(), manifest));
            }
        } catch (InvalidJsonException e) {
            LOG.warnf("%s-%d@%d is passed over: %s", topic, record.partition(), record.offset(), e.getMessage());
        }
    }

    /** What was published here comes by again later and must not take the place of something newer. */
    private void remember(String id, Entry entry) {
        manifests.merge(id, entry, (old, latest) -> latest.offset() >= old.offset() ? latest : old);
    }

    private record Entry(long offset, DatasetManifest manifest) {}
}
