package io.infinito.infer.engine;

import io.infinito.infer.engine.GenerationListener.Failure;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.Torch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/**
 * The decode loop. One thread owns all native work of decoding: each running generation gets one token in turn, and requests join and
 * leave between tokens. What is cancelled, late or broken gives its place back before the next token.
 */
public final class Engine implements AutoCloseable {
    /** A deadline that is never reached, to be added to {@link System#nanoTime}. */
    private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Logger LOG = Logger.getLogger(Engine.class);

    private final EngineLimits limits;
    private final EngineMetrics metrics;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition emptied = lock.newCondition();
    private final Queue<Generation> waiting = new ArrayDeque<>();
    /** Changed under the lock, and by the decode thread alone. */
    private final List<Generation> running = new ArrayList<>();

    private boolean wakeUp;
    private boolean draining;
    private boolean closed;

    /** Starts the decode thread. */
    public Engine(EngineLimits limits, EngineMetrics metrics) {
        this.limits = limits;
        this.metrics = metrics;
        metrics.countActive(() -> size(running), () -> size(waiting));
        thread = new Thread(this::run, "decode");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Takes one sequence on.
     *
     * @param client whose it is
     * @param model retained for this request; the engine releases it, unless this method throws
     * @param timeout after which the generation fails
     * @return for {@link #cancel}
     * @throws EngineFullException if no place is free
     */
    public Generation submit(
            String client,
            GenerationRequest request,
            LoadedModel model,
            GenerationListener listener,
            Optional<Duration> timeout)
            throws EngineFullException {
        return submit(client, List.of(request), model, List.of(listener), timeout)
                .get(0);
    }

    /**
     * Takes all sequences of one request on, or none.
     *
     * @param client whose they are
     * @param model retained once for each sequence; the engine releases it, unless this method throws
     * @param listeners one for each sequence
     * @param timeout after which the generations fail
     * @return for {@link #cancel}
     * @throws EngineFullException if there are not so many free places
     */
    public List<Generation> submit(
            String client,
            List<GenerationRequest> sequences,
            LoadedModel model,
            List<? extends GenerationListener> listeners,
            Optional<Duration> timeout)
            throws EngineFullException {
        long deadline = System.nanoTime() + timeout.map(Duration::toNanos).orElse(FOREVER_NANOS);
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < sequences.size(); i++) {
            generations.add(new Generation(sequences.get(i), model, listeners.get(i), deadline));
        }
        lock.lock();
        try {
            if (closed || draining) {
                throw new EngineFullException("the service stops", RETRY_AFTER);
            }
            if (running.size() + waiting.size() + sequences.size() > limits.maxRunning() + limits.maxWaiting()) {
                metrics.ended("rejected");
                throw new EngineFullException(
                        running.size() + " generations run and " + waiting.size()
                                + " wait, which leaves no place for " + sequences.size() + " of at most "
                                + (limits.maxRunning() + limits.maxWaiting()) + "; try again later",
                        RETRY_AFTER);
            }
            waiting.addAll(generations);
            signal();
        } finally {
            lock.unlock();
        }
        return generations;
    }

    /** Ends a generation before its next token, without another word to its listener. */
    public void cancel(Generation generation) {
        generation.cancel();
        wake();
    }

    /** Says that a listener became ready. */
    public void wake() {
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

    private int size(Collection<Generation> generations) {
        lock.lock();
        try {
            return generations.size();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        boolean prepared = false;
        boolean progress = true;
        while (true) {
            List<Generation> ended = new ArrayList<>();
            lock.lock();
            try {
                if (!progress) {
                    awaitChange();
                }
                wakeUp = false;
                if (closed) {
                    break;
                }
                dropFromQueue(ended);
                while (running.size() < limits.maxRunning() && !waiting.isEmpty()) {
                    running.add(waiting.remove());
                }
            } finally {
                lock.unlock();
            }
            ended.forEach(this::close);
            if (!prepared && !running.isEmpty()) {
                // Only now is libtorch sure to be loaded.
                Torch.prepareThread();
                prepared = true;
            }
            progress = round();
        }
        shutDown();
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
                // Nobody but close() ends this thread.
                LOG.debug("interrupted", e);
            }
        }
    }

    /** Ends what was cancelled or is late while it waits. */
    private void dropFromQueue(List<Generation> ended) {
        long now = System.nanoTime();
        for (Iterator<Generation> queue = waiting.iterator(); queue.hasNext(); ) {
            Generation generation = queue.next();
            if (generation.isCancelled() || generation.isLate(now)) {
                queue.remove();
                emptied.signalAll();
                ended.add(generation);
                if (generation.isCancelled()) {
                    metrics.ended("cancelled");
                } else {
                    fail(generation, Failure.DEADLINE, "the deadline passed while the request waited for a place");
                }
            }
        }
    }

    /** One token for everyone who can take it; whether there was anyone. */
    private boolean round() {
        boolean progress = false;
        // A copy: a generation that ends leaves the list.
        for (Generation generation : List.copyOf(running)) {
            if (advance(generation)) {
                progress = true;
            }
        }
        return progress;
    }

    /** Whether anything happened. */
    private boolean advance(Generation generation) {
        long now = System.nanoTime();
        if (generation.isCancelled()) {
            leave(generation);
            metrics.ended("cancelled");
            return true;
        }
        if (generation.isLate(now)) {
            leave(generation);
            fail(
                    generation,
                    Failure.DEADLINE,
                    "the deadline passed after " + generation.completionTokens() + " tokens");
            return true;
        }
        if (generation.listener().isReady()) {
            generation.unstalled();
            step(generation);
            return true;
        }
        Duration limit = limits.slowReaderTimeout();
        if (generation.stalledLongerThan(limit.toNanos(), now)) {
            leave(generation);
            fail(generation, Failure.SLOW_READER, "nothing was read for " + limit.toMillis() + " ms");
            return true;
        }
        return false;
    }

    private void step(Generation generation) {
        Optional<GeneratedChunk> chunk;
        try {
            chunk = generation.step();
        } catch (RuntimeException | Error e) {
            LOG.error("a generation failed", e);
            leave(generation);
            fail(generation, Failure.INTERNAL, "generation failed: " + e.getMessage());
            return;
        }
        metrics.token();
        if (generation.completionTokens() == 1) {
            metrics.firstToken(Duration.ofNanos(System.nanoTime() - generation.submittedNanos()));
        }
        Optional<Finish> finish = chunk.flatMap(GeneratedChunk::finish);
        // The place is free before the client knows, so that its next request finds it.
        finish.ifPresent(end -> {
            leave(generation);
            metrics.ended(end.reason().name());
        });
        try {
            chunk.ifPresent(generation.listener()::onChunk);
        } catch (RuntimeException e) {
            LOG.debug("a listener went away", e);
            if (finish.isEmpty()) {
                leave(generation);
                metrics.ended("cancelled");
            }
        }
    }

    private void fail(Generation generation, Failure failure, String message) {
        metrics.ended(failure.name());
        try {
            generation.listener().onFailure(failure, message);
        } catch (RuntimeException e) {
            LOG.debug("a listener went away", e);
        }
    }

    private void leave(Generation generation) {
        lock.lock();
        try {
            running.remove(generation);
            emptied.signalAll();
        } finally {
            lock.unlock();
        }
        close(generation);
    }

    private void close(Generation generation) {
        try {
            generation.close();
        } catch (RuntimeException e) {
            LOG.error("a generation's memory could not be freed", e);
        }
    }

    /** Whether the decode thread lives. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    private void shutDown() {
        List<Generation> left = new ArrayList<>();
        lock.lock();
        try {
            left.addAll(running);
            left.addAll(waiting);
            running.clear();
            waiting.clear();
        } finally {
            lock.unlock();
        }
        for (Generation generation : left) {
            fail(generation, Failure.SHUTDOWN, "the service stops");
            close(generation);
        }
    }

    /**
     * Takes nothing more on, and waits until everything that was taken on has ended.
     *
     * @param patience after which it does not wait longer
     * @return whether everything has ended
     */
    public boolean drain(Duration patience) throws InterruptedException {
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

    /** Ends every generation and the thread. */
    @Override
    public void close() throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            signal();
        } finally {
            lock.unlock();
        }
        thread.join(Duration.ofSeconds(10).toMillis());
    }
}
