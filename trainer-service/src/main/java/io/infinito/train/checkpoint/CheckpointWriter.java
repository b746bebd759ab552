package io.infinito.train.checkpoint;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Writes checkpoints one after the other in the background. At most one waits: a store that is slower than training slows it down. */
public final class CheckpointWriter implements AutoCloseable {
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(task -> new Thread(task, "checkpoint-writer"));
    private CompletableFuture<Void> pending = CompletableFuture.completedFuture(null);

    /**
     * Hands over a write, once the one before it is done.
     *
     * @throws RuntimeException what the write before it failed with
     */
    public void submit(Runnable write) {
        await();
        pending = CompletableFuture.runAsync(write, thread);
    }

    /**
     * Returns when all that was submitted is done.
     *
     * @throws RuntimeException what the write failed with
     */
    public void await() {
        try {
            pending.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** Whether a write has failed, so that training need not go on. */
    public boolean hasFailed() {
        return pending.isCompletedExceptionally();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
