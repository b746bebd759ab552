package io.infinito.train.job;

import io.infinito.storage.StorageException;
import io.infinito.train.checkpoint.JobFence;
import io.infinito.training.v1.TrainJobStatus;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Publishes a running job's status at a steady rate, from a thread of its own: a long evaluation must not look like a death. Nobody
 * takes a job over whose statuses keep coming. So it is only after a silence, when this process or the broker was away, that it asks
 * the fence before it speaks again.
 */
@ApplicationScoped
public class Heartbeat {
    private static final Logger LOG = Logger.getLogger(Heartbeat.class);

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "job-heartbeat"));
    private final JobEvents events;
    private final long intervalMillis;
    private final long silenceNanos;
    private volatile JobStatus current;

    Heartbeat(JobEvents events, TrainerConfig config) {
        this.events = events;
        intervalMillis = config.statusInterval().toMillis();
        silenceNanos = config.takeoverAfter().toNanos() / 2;
    }

    /** Publishes now and again until what it returns is closed, or another attempt is found to have begun. */
    AutoCloseable start(JobStatus status, JobFence fence) {
        current = status;
        Beat beat = new Beat(status, fence);
        ScheduledFuture<?> beating = timer.scheduleAtFixedRate(beat::run, 0, intervalMillis, TimeUnit.MILLISECONDS);
        return () -> {
            beating.cancel(false);
            beat.end();
            current = null;
        };
    }

    /** How long the running job has made no step; zero where no job is training. */
    Duration sinceLastStep() {
        JobStatus status = current;
        return status == null ? Duration.ZERO : status.sinceLastStep(System.nanoTime());
    }

    /** The running job as it stands. */
    Optional<TrainJobStatus> status() {
        return Optional.ofNullable(current).map(JobStatus::peek);
    }

    @PreDestroy
    void stop() {
        timer.shutdownNow();
    }

    private final class Beat {
        private final JobStatus status;
        private final JobFence fence;
        private final AtomicBoolean underWay = new AtomicBoolean();
        /** When the newest status that the broker has was made. */
        private volatile long heardNanos;

        private boolean ended;

        Beat(JobStatus status, JobFence fence) {
            this.status = status;
            this.fence = fence;
            // The first one asks.
            heardNanos = System.nanoTime() - silenceNanos - 1;
        }

        /** When this returns nothing more is handed over: the last word is the caller's. */
        synchronized void end() {
            ended = true;
        }

        synchronized void run() {
            // While the broker is away one status waits, not one a second.
            if (ended || fence.isReplaced() || !underWay.compareAndSet(false, true)) {
                return;
            }
            boolean handed = false;
            try {
                long madeNanos = System.nanoTime();
                if (madeNanos - heardNanos > silenceNanos) {
                    fence.check();
                }
                events.progress(status.snapshot(), () -> heardNanos = madeNanos, () -> underWay.set(false));
                handed = true;
            } catch (JobFence.ReplacedException e) {
                LOG.warn(e.getMessage());
            } catch (StorageException e) {
                LOG.warnf("the job stays silent until the store tells that it is not replaced: %s", e.getMessage());
            } catch (RuntimeException e) {
                // What leaves this method ends the schedule, and the job would look dead for the rest of its time.
                LOG.warn("a status could not be published; the next one is tried all the same", e);
            } finally {
                if (!handed) {
                    underWay.set(false);
                }
            }
        }
    }
}
