package io.infinito.train.job;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Publishes a running job's status at a steady rate, from a thread of its own: a long evaluation must not look like a death. */
@ApplicationScoped
public class Heartbeat {
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "job-heartbeat"));
    private final JobEvents events;
    private final long intervalMillis;
    private volatile JobStatus current;

    Heartbeat(JobEvents events, TrainerConfig config) {
        this.events = events;
        intervalMillis = config.statusInterval().toMillis();
    }

    /** Publishes now and again until what it returns is closed. */
    AutoCloseable start(JobStatus status) {
        current = status;
        Future<?> beating = timer.scheduleAtFixedRate(
                () -> events.progress(status.snapshot()), 0, intervalMillis, TimeUnit.MILLISECONDS);
        return () -> {
            beating.cancel(false);
            current = null;
        };
    }

    /** How long the running job has made no step; zero where no job is training. */
    Duration sinceLastStep() {
        JobStatus status = current;
        return status == null ? Duration.ZERO : status.sinceLastStep(System.nanoTime());
    }

    @PreDestroy
    void stop() {
        timer.shutdownNow();
    }
}
