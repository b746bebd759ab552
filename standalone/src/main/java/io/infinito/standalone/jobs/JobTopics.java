package io.infinito.standalone.jobs;

import com.google.protobuf.Message;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.training.v1.TrainCommand;
import io.infinito.training.v1.TrainRequest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The human-facing topics of one Kafka cluster.
 *
 * @param bootstrapServers as Kafka clients take them
 * @param prefix before each topic's name, may be empty
 */
public record JobTopics(String bootstrapServers, String prefix) {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    /**
     * Publishes a request under its job id.
     *
     * @throws JobsUnavailable if Kafka does not take it
     */
    public void submit(TrainRequest request) {
        publish(Topic.TRAIN_REQUESTS, request.getJobId(), request);
    }

    /**
     * Asks the trainers to cancel a job.
     *
     * @throws JobsUnavailable if Kafka does not take it
     */
    public TrainCommand cancel(String jobId) {
        TrainCommand command = TrainCommand.newBuilder()
                .setJobId(jobId)
                .setAction(TrainCommand.Action.CANCEL)
                .build();
        publish(Topic.TRAIN_COMMANDS, jobId, command);
        return command;
    }

    /**
     * Reads states and epochs from the first record on.
     *
     * @throws JobsUnavailable if Kafka does not answer or the topics do not exist
     */
    public JobReader reader() {
        requireTopics(Topic.TRAIN_JOBS, Topic.TRAIN_EPOCHS);
        return new JobReader(bootstrapServers, Topic.TRAIN_JOBS.name(prefix), Topic.TRAIN_EPOCHS.name(prefix));
    }

    private void publish(Topic topic, String key, Message message) {
        requireTopics(topic);
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "acks",
                "all",
                "max.block.ms",
                TIMEOUT.toMillis(),
                "request.timeout.ms",
                5_000,
                "delivery.timeout.ms",
                Math.toIntExact(TIMEOUT.toMillis()));
        CloudEvent event = CloudEvent.of(message.getDescriptorForType(), "cli", CloudEvent.JSON);
        ProducerRecord<String, String> record =
                new ProducerRecord<>(topic.name(prefix), null, key, ProtoJson.print(message), event.headers());
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            producer.send(record).get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JobsUnavailable("interrupted while publishing to " + topic.name(prefix), e);
        } catch (ExecutionException e) {
            throw new JobsUnavailable(
                    "Kafka at " + bootstrapServers + " did not take the record for " + topic.name(prefix) + ": "
                            + e.getCause().getMessage(),
                    e);
        }
    }

    /** The clients themselves wait and retry for long when something is missing; asked first, the answer is quick and clear. */
    private void requireTopics(Topic... topics) {
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
