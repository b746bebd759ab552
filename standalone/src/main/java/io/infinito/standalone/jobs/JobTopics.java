package io.infinito.standalone.jobs;

import com.google.protobuf.Message;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.training.v1.TrainCommand;
import io.infinito.training.v1.TrainRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
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
        RequiredTopics.require(bootstrapServers, prefix, Topic.TRAIN_JOBS, Topic.TRAIN_EPOCHS);
        return new JobReader(bootstrapServers, Topic.TRAIN_JOBS.name(prefix), Topic.TRAIN_EPOCHS.name(prefix));
    }

    private void publish(Topic topic, String key, Message message) {
        RequiredTopics.require(bootstrapServers, prefix, topic);
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
}
