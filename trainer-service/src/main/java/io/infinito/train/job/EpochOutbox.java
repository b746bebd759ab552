package io.infinito.train.job;

import io.infinito.storage.StorageException;
import io.infinito.train.checkpoint.JobFence;
import io.infinito.training.v1.EpochCompleted;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Sends an attempt's epoch events in order, for as long as the broker needs to take them, and never after a successor started. */
final class EpochOutbox implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(EpochOutbox.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> new Thread(task, "epoch-outbox"));
    private final JobEvents events;
    private final JobFence fence;
    private CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);

    EpochOutbox(JobEvents events, JobFence fence) {
        this.events = events;
        this.fence = fence;
    }

    /** Sends behind the caller's back. */
    synchronized void add(EpochCompleted epoch) {
        sent = sent.thenRunAsync(() -> send(epoch), thread);
    }

    /**
     * Returns when all were sent.
     *
     * @throws JobFence.ReplacedException if another attempt has begun
     */
    void await() {
        CompletableFuture<Void> last;
        synchronized (this) {
            last = sent;
        }
        try {
            last.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private void send(EpochCompleted epoch) {
        while (true) {
            try {
                fence.check();
                events.epoch(epoch);
                return;
            } catch (StorageException e) {
                LOG.warnf("the event of epoch %d waits for the store: %s", epoch.getEpoch(), e.getMessage());
                pause();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while an event waited for the store", e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
