package io.infinito.infer.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/** Who runs and who waits. Whoever comes in or leaves does so here, under one lock; what a generation does with its place is the engine's. */
final class Places {
    private static final Logger LOG = Logger.getLogger(Places.class);
    /** Longer than anything waits. */
    private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

    private final EngineLimits limits;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition emptied = lock.newCondition();
    private final FairQueue<Generation> waiting;
    private final PlaceForecast forecast = new PlaceForecast();
    private final List<Generation> running = new ArrayList<>();

    private boolean wakeUp;
    private boolean draining;
    private boolean closed;

    Places(EngineLimits limits) {
        this.limits = limits;
        waiting = new FairQueue<>(limits.maxWaiting(), Math.min(limits.maxWaitingPerClient(), limits.maxWaiting()));
    }

    /**
     * Lets all of them wait, or none.
     *
     * @return false if nobody is let in any more
     * @throws EngineFullException if there are not so many free places
     */
    boolean take(String client, List<Generation> generations) throws EngineFullException {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (closed || draining) {
                return false;
            }
            int free = Math.max(0, limits.maxRunning() - running.size());
            int passing = Math.min(free, waiting.size() + generations.size());
            if (!waiting.offer(client, generations, passing)) {
                int missing = generations.size() - waiting.room(client, passing);
                throw new EngineFullException(full(client, generations.size()), forecast.until(missing, now));
            }
            signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private String full(String client, int wanted) {
        return running.size() + " generations run and " + waiting.size() + " wait, " + waiting.waiting(client)
                + " of them of this client, which leaves no place for " + wanted + ": at most " + limits.maxRunning()
                + " run and " + limits.maxWaiting() + " wait, " + limits.maxWaitingPerClient()
                + " of one client; try again later";
    }

    /** Says that something happened that the decode thread should look at. */
    void wake() {
        lock.lock();
        try {
            signal();
        } finally {
            lock.unlock();
        }
    }

    private void signal() {
        wakeUp = true;
        changed.signal();
    }

    /**
     * Waits until there is something to do, and fills free places.
     *
     * @param idle whether nobody who runs could take a token when they were last asked
     * @return who was cancelled, or is late, while it waited, and has left; empty if {@link #close} was called
     */
    Optional<List<Generation>> nextTurn(boolean idle) {
        lock.lock();
        try {
            if (idle) {
                awaitChange();
            }
            wakeUp = false;
            if (closed) {
                return Optional.empty();
            }
            List<Generation> gone = new ArrayList<>();
            long now = System.nanoTime();
            waiting.removeIf(generation -> generation.isCancelled() || generation.isLate(now), gone::add);
            if (!gone.isEmpty()) {
                emptied.signalAll();
            }
            while (running.size() < limits.maxRunning() && !waiting.isEmpty()) {
                waiting.poll(this::runningOf).ifPresent(running::add);
            }
            return Optional.of(gone);
        } finally {
            lock.unlock();
        }
    }

    /** Until something was signalled, a deadline passes, or a reader has stalled for too long. */
    private void awaitChange() {
        long now = System.nanoTime();
        long stallLimit = limits.slowReaderTimeout().toNanos();
        long left = FOREVER_NANOS;
        for (Generation generation : running) {
            left = Math.min(left, generation.nextTurnNanos(stallLimit) - now);
        }
        for (Generation generation : waiting) {
            left = Math.min(left, generation.nextTurnNanos(stallLimit) - now);
        }
        while (left > 0 && !wakeUp && !closed) {
            try {
                left = changed.awaitNanos(left);
            } catch (InterruptedException e) {
                // Nobody but close() ends the decode thread.
                LOG.debug("interrupted", e);
            }
        }
    }

    private int runningOf(String client) {
        return (int) running.stream()
                .filter(generation -> generation.client().equals(client))
                .count();
    }

    /** Who runs, the first that came first: a copy, as whoever ends leaves. */
    List<Generation> running() {
        lock.lock();
        try {
            return List.copyOf(running);
        } finally {
            lock.unlock();
        }
    }

    /** How many run. */
    int runningCount() {
        lock.lock();
        try {
            return running.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many wait. */
    int waitingCount() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /** Gives the place of one that ran back. */
    void leave(Generation generation) {
        lock.lock();
        try {
            running.remove(generation);
            forecast.freed(System.nanoTime());
            emptied.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Takes everyone away. */
    List<Generation> clear() {
        lock.lock();
        try {
            List<Generation> left = new ArrayList<>(running);
            running.clear();
            waiting.removeIf(generation -> true, left::add);
            emptied.signalAll();
            return left;
        } finally {
            lock.unlock();
        }
    }

    /** Lets nobody in any more, and waits until all have left; whether they have before {@code patience} ended. */
    boolean drain(Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lock();
        try {
            draining = true;
            while (left > 0 && running.size() + waiting.size() > 0) {
                left = emptied.awaitNanos(left);
            }
            return running.isEmpty() && waiting.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Lets nobody in any more, and ends {@link #nextTurn}. */
    void close() {
        lock.lock();
        try {
            closed = true;
            signal();
        } finally {
            lock.unlock();
        }
    }
}
