package io.infinito.train.job;

import com.google.protobuf.Message;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import io.smallrye.mutiny.Uni;
import io.smallrye.reactive.messaging.MutinyEmitter;
import io.smallrye.reactive.messaging.kafka.api.OutgoingKafkaRecordMetadata;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.eclipse.microprofile.reactive.messaging.Channel;
import org.eclipse.microprofile.reactive.messaging.OnOverflow;
import org.jboss.logging.Logger;

/** Writes what the trainer has to say. Sending is repeated until the broker has the record. */
@ApplicationScoped
public class JobEvents {
    private static final Logger LOG = Logger.getLogger(JobEvents.class);
    private static final String SOURCE = "trainer-service";
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(30);

    private final MutinyEmitter<String> jobs;
    private final MutinyEmitter<String> epochs;

    JobEvents(
            @Channel("jobs-out") @OnOverflow(OnOverflow.Strategy.UNBOUNDED_BUFFER) MutinyEmitter<String> jobs,
            @Channel("epochs-out") @OnOverflow(OnOverflow.Strategy.UNBOUNDED_BUFFER) MutinyEmitter<String> epochs) {
        this.jobs = jobs;
        this.epochs = epochs;
    }

    /**
     * Sends a status without waiting; one that cannot be sent is superseded by the next.
     *
     * @param taken called when the broker has it
     * @param done called then, or when it is given up
     */
    void progress(TrainJobStatus status, Runnable taken, Runnable done) {
        send(jobs, status.getJobId(), status, CloudEvent.of(status.getDescriptorForType(), SOURCE, CloudEvent.JSON))
                .onTermination()
                .invoke(done)
                .subscribe()
                .with(
                        sent -> taken.run(),
                        e -> LOG.warnf("status of job %s was not sent: %s", status.getJobId(), e.getMessage()));
    }

    /** Sends a status that must arrive, and returns when the broker has it. */
    void status(TrainJobStatus status) {
        await(send(
                jobs,
                status.getJobId(),
                status,
                CloudEvent.of(status.getDescriptorForType(), SOURCE, CloudEvent.JSON)));
    }

    /** Sends an epoch's event, and returns when the broker has it. A repetition has the same CloudEvents id. */
    void epoch(EpochCompleted epoch) {
        CloudEvent event = CloudEvent.of(epoch.getDescriptorForType(), SOURCE, CloudEvent.JSON)
                .withId(epoch.getJobId() + "/epoch/" + epoch.getSequence());
        await(send(epochs, epoch.getJobId(), epoch, event));
    }

    private static void await(Uni<Void> sent) {
        sent.onFailure()
                .invoke(e -> LOG.warnf("the broker did not take a record, it is sent again: %s", e.getMessage()))
                .onFailure()
                .retry()
                .withBackOff(FIRST_RETRY, LAST_RETRY)
                .indefinitely()
                .await()
                .indefinitely();
    }

    private static Uni<Void> send(MutinyEmitter<String> channel, String key, Message payload, CloudEvent event) {
        // Deferred, so that a retry is a new record: a message is acknowledged once only.
        return Uni.createFrom()
                .deferred(() -> channel.sendMessage(
                        org.eclipse.microprofile.reactive.messaging.Message.of(ProtoJson.print(payload))
                                .addMetadata(OutgoingKafkaRecordMetadata.<String>builder()
                                        .withKey(key)
                                        .withHeaders(event.headers())
                                        .build())));
    }
}
