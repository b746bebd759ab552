package io.infinito.train.checkpoint;

import io.infinito.checkpoint.TrainerState;
import io.infinito.storage.StorageException;
import io.infinito.train.RunListener.EpochDone;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Brings checkpoints to the store behind the back of training: a copy in memory is written to local disk by one thread, and from there
 * to the store by another. At most one copy waits in memory while another is written to disk, and on disk lie, besides the one that is
 * being uploaded, only the newest, the best and those that stay for good. So a store that is away for hours costs neither memory nor
 * time; each upload is repeated with growing pauses until it succeeds.
 */
public final class CheckpointWriter implements AutoCloseable {
    /**
     * What training hands over, to be called on the uploading thread in the order of its steps.
     *
     * @param files empty where the store was away for so long that a newer checkpoint took its place
     * @param state of the run
     * @param epoch that ended with it, if one did
     */
    public record Upload(Optional<StagedCheckpoint> files, TrainerState state, Optional<EpochDone> epoch) {
        /** Whether this very state was evaluated and was the best so far. */
        public boolean isBest() {
            return state.step() > 0 && state.bestStep() == state.step();
        }
    }

    private record Due(CheckpointSnapshot snapshot, Optional<EpochDone> epoch) {}

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final Function<CheckpointSnapshot, StagedCheckpoint> stage;
    private final Consumer<Upload> uploader;
    private final Consumer<String> trouble;
    private final Retention retention;
    private final Thread writing = new Thread(this::write, "checkpoint-writer");
    private final Thread uploading = new Thread(this::upload, "checkpoint-uploader");

    // All guarded by this.
    private final Deque<Upload> uploads = new ArrayDeque<>();
    private Due waiting;
    private boolean staging;
    private boolean inTransfer;
    private boolean closed;
    private Throwable failure;

    /**
     * Starts both threads.
     *
     * @param stage writes to local disk
     * @param uploader brings to the store; repeated while it throws {@link StorageException}
     * @param trouble is told what the store says while it cannot be reached, and an empty text when it can again
     */
    public CheckpointWriter(
            Function<CheckpointSnapshot, StagedCheckpoint> stage,
            Consumer<Upload> uploader,
            Consumer<String> trouble,
            Retention retention) {
        this.stage = stage;
        this.uploader = uploader;
        this.trouble = trouble;
        this.retention = retention;
        writing.setDaemon(true);
        uploading.setDaemon(true);
        writing.start();
        uploading.start();
    }

    /**
     * A checkpoint that is nothing but a place to go on from. It is left out while an earlier one is still being written to disk.
     *
     * @param copy makes the snapshot, if it is wanted
     * @return whether it was taken
     */
    public synchronized boolean offer(Supplier<CheckpointSnapshot> copy) {
        if (staging || waiting != null || failure != null) {
            return false;
        }
        hand(new Due(copy.get(), Optional.empty()));
        return true;
    }

    /**
     * A checkpoint that must not be left out. Returns at once, unless one is being written to disk and another waits for that.
     *
     * @param epoch that ended with it, if one did
     * @throws RuntimeException what an earlier one failed with
     */
    public synchronized void submit(Supplier<CheckpointSnapshot> copy, Optional<EpochDone> epoch) {
        awaitUntil(() -> waiting == null);
        hand(new Due(copy.get(), epoch));
    }

    private void hand(Due due) {
        waiting = due;
        notifyAll();
    }

    /**
     * Returns when all that was handed over is in the store.
     *
     * @throws RuntimeException what one of them failed with
     */
    public synchronized void await() {
        awaitUntil(() -> waiting == null && !staging && uploads.isEmpty());
    }

    /** Whether one has failed for good, so that training need not go on. */
    public synchronized boolean hasFailed() {
        return failure != null;
    }

    /** Ends both threads; what is not in the store by now is left. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        writing.interrupt();
        uploading.interrupt();
    }

    private void awaitUntil(Supplier<Boolean> reached) {
        while (failure == null && !reached.get()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while a checkpoint was written", e);
            }
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    private void write() {
        try {
            for (Due due = next(); due != null; due = next()) {
                StagedCheckpoint staged = stage.apply(due.snapshot());
                enqueue(new Upload(Optional.of(staged), staged.state(), due.epoch()));
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(e);
        }
    }

    private synchronized Due next() {
        while (waiting == null && !closed) {
            if (!awaitNotice()) {
                return null;
            }
        }
        Due due = waiting;
        waiting = null;
        staging = due != null;
        notifyAll();
        return closed ? null : due;
    }

    private synchronized void enqueue(Upload newest) {
        Deque<Upload> kept = new ArrayDeque<>();
        Iterator<Upload> before = uploads.iterator();
        if (inTransfer && before.hasNext()) {
            kept.add(before.next());
        }
        before.forEachRemaining(upload -> superseded(upload, newest).ifPresent(kept::add));
        uploads.clear();
        uploads.addAll(kept);
        uploads.add(newest);
        staging = false;
        notifyAll();
    }

    /** What is left of an upload that waits while a newer one is there. */
    private Optional<Upload> superseded(Upload upload, Upload newest) {
        // A copy of the best step that was taken before it was evaluated is not the one that is served.
        boolean best =
                upload.isBest() && upload.state().step() == newest.state().bestStep();
        boolean forGood =
                upload.epoch().filter(e -> retention.keepsEpoch(e.epoch())).isPresent();
        if (best || forGood || upload.files().isEmpty()) {
            return Optional.of(upload);
        }
        upload.files().ifPresent(StagedCheckpoint::delete);
        // Of an epoch the event is still owed.
        return upload.epoch().map(epoch -> new Upload(Optional.empty(), upload.state(), upload.epoch()));
    }

    private void upload() {
        try {
            Duration pause = FIRST_PAUSE;
            boolean troubled = false;
            for (Upload head = head(); head != null; head = head()) {
                try {
                    uploader.accept(head);
                    done(head);
                    pause = FIRST_PAUSE;
                    if (troubled) {
                        trouble.accept("");
                        troubled = false;
                    }
                } catch (StorageException e) {
                    trouble.accept(e.getMessage());
                    troubled = true;
                    pauseBeforeRetry(pause);
                    Duration doubled = pause.multipliedBy(2);
                    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
                }
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(e);
        }
    }

    private synchronized Upload head() {
        while (uploads.isEmpty() && !closed) {
            if (!awaitNotice()) {
                return null;
            }
        }
        inTransfer = !closed;
        return closed ? null : uploads.peek();
    }

    private synchronized void done(Upload upload) {
        uploads.remove(upload);
        inTransfer = false;
        upload.files().ifPresent(StagedCheckpoint::delete);
        notifyAll();
    }

    private synchronized void pauseBeforeRetry(Duration pause) {
        inTransfer = false;
        long end = System.nanoTime() + pause.toNanos();
        long left = pause.toMillis();
        try {
            while (!closed && left > 0) {
                wait(left);
                left = Duration.ofNanos(end - System.nanoTime()).toMillis();
            }
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    /** Waits to be notified; returns false if the thread is to end. */
    @SuppressWarnings("WaitNotInLoop") // Its callers loop.
    private boolean awaitNotice() {
        try {
            wait();
            return !closed;
        } catch (InterruptedException e) {
            closed = true;
            return false;
        }
    }

    private synchronized void fail(Throwable e) {
        if (!closed && failure == null) {
            failure = e;
        }
        notifyAll();
    }
}
