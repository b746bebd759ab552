package io.infinito.train.job;

import io.infinito.storage.StorageException;
import io.infinito.train.job.RequestReader.RejectedException;
import io.quarkus.runtime.ShutdownEvent;
import io.smallrye.reactive.messaging.kafka.api.IncomingKafkaRecordMetadata;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.reactive.messaging.Acknowledgment;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.eclipse.microprofile.reactive.messaging.Message;
import org.jboss.logging.Logger;

/**
 * Takes requests one by one and runs each on the one thread that owns the device. A record is acknowledged when its job is at a
 * terminal phase, so the request of a trainer that dies goes to another.
 */
@ApplicationScoped
public class RequestConsumer {
    private static final Logger LOG = Logger.getLogger(RequestConsumer.class);
    private static final int SHUTDOWN_SECONDS = 60;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    private final ExecutorService trainingThread =
            Executors.newSingleThreadExecutor(task -> new Thread(task, "training"));
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final JobRunner runner;

    RequestConsumer(JobRunner runner) {
        this.runner = runner;
    }

    @Incoming("requests-in")
    @Acknowledgment(Acknowledgment.Strategy.MANUAL)
    CompletionStage<Void> accept(Message<String> message) {
        IncomingKafkaRecordMetadata<?, ?> record =
                message.getMetadata(IncomingKafkaRecordMetadata.class).orElseThrow();
        String fallbackId = record.getKey() instanceof String key && !key.isBlank()
                ? key.replaceAll("[^A-Za-z0-9_-]", "-")
                : "job-" + record.getPartition() + "-" + record.getOffset();
        return CompletableFuture.runAsync(() -> handle(message, fallbackId), trainingThread);
    }

    private void handle(Message<String> message, String fallbackId) {
        try {
            TrainingJob job = RequestReader.read(message.getPayload(), fallbackId);
            runUntilDone(job);
            message.ack().toCompletableFuture().join();
        } catch (RejectedException e) {
            runner.reject(e.jobId(), e.getMessage());
            (e.readable() ? message.ack() : message.nack(e))
                    .toCompletableFuture()
                    .join();
        } catch (JobRunner.HandedBackException e) {
            // Not acknowledged: whoever gets the partition next, gets the request.
            LOG.info(e.getMessage());
        } catch (RuntimeException | OutOfMemoryError e) {
            // A job that ends like this must not end the channel with it.
            LOG.errorf(e, "the request of %s cannot be worked on", fallbackId);
            message.nack(e).toCompletableFuture().join();
        }
    }

    private void runUntilDone(TrainingJob job) {
        while (true) {
            try {
                runner.run(job);
                return;
            } catch (StorageException | KafkaException e) {
                LOG.warnf("job %s goes on in %s: %s", job.jobId(), RETRY_AFTER, e.getMessage());
                if (runner.isShuttingDown() || stopsWithin(RETRY_AFTER)) {
                    throw new JobRunner.HandedBackException(job.jobId());
                }
            }
        }
    }

    private boolean stopsWithin(Duration time) {
        try {
            return stopping.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Before the connectors close, so that the checkpoint of the last step is made while everything is still there. */
    void stop(@Observes @Priority(1) ShutdownEvent event) throws InterruptedException {
        runner.shutDown();
        stopping.countDown();
        trainingThread.shutdown();
        if (!trainingThread.awaitTermination(SHUTDOWN_SECONDS, TimeUnit.SECONDS)) {
            LOG.warnf("the job did not stop in %d seconds", SHUTDOWN_SECONDS);
        }
    }
}
