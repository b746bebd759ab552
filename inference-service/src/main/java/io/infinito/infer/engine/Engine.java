package io.infinito.infer.engine;

import io.infinito.infer.engine.GenerationListener.Failure;
import io.infinito.infer.model.LoadedModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The decode loop, with continuous batching (Yu et al. 2022, "Orca"). One thread owns all native work of decoding: in each pass every
 * running generation gets one token, or a piece of its prompt is read, and requests join and leave between passes. What is cancelled, late
 * or broken gives its place back before the next pass.
 */
public final class Engine implements AutoCloseable {
    /** A deadline that is never reached, to be added to {@link System#nanoTime}. */
    private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

    private static final Logger LOG = Logger.getLogger(Engine.class);

    private final EngineLimits limits;
    private final EngineMetrics metrics;
    private final PrefillBudget prefill;
    private final Places places;
    private final Thread thread;

    /** Starts the decode thread. */
    public Engine(EngineLimits limits, EngineMetrics metrics) {
        this.limits = limits;
        this.metrics = metrics;
        prefill = new PrefillBudget(limits.prefillBudget());
        places = new Places(limits);
        metrics.countActive(places::runningCount, places::waitingCount);
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
     * Takes all sequences of one request on, or none. Once the service stops they fail at once.
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
            generations.add(new Generation(client, sequences.get(i), model, listeners.get(i), deadline));
        }
        try {
            if (!places.take(client, generations)) {
                generations.forEach(this::endAsTheServiceStops);
            }
        } catch (EngineFullException e) {
            metrics.ended("rejected");
            throw e;
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
        places.wake();
    }

    private void run() {
        try {
            decode();
        } finally {
            // Also where something broke that nobody thought of: whoever waits is told, and nobody else is let in.
            places.close();
            places.clear().forEach(this::endAsTheServiceStops);
        }
    }

    private void decode() {
        boolean prepared = false;
        boolean idle = false;
        for (Optional<List<Generation>> gone = places.nextTurn(idle); gone.isPresent(); gone = places.nextTurn(idle)) {
            gone.get().forEach(this::endBeforeItBegan);
            List<Generation> running = places.running();
            if (!prepared && !running.isEmpty()) {
                // Only now is libtorch sure to be loaded.
                running.get(0).model().prepareDecoding();
                prepared = true;
            }
            idle = !pass(running);
        }
    }

    private void endAsTheServiceStops(Generation generation) {
        fail(generation, Failure.SHUTDOWN, "the service stops");
        close(generation);
    }

    /** It was cancelled, or is late, while it waited. */
    private void endBeforeItBegan(Generation generation) {
        if (generation.isCancelled()) {
            metrics.ended("cancelled");
        } else {
            fail(generation, Failure.DEADLINE, "the deadline passed while the request waited for a place");
        }
        close(generation);
    }

    /** One token, or a piece of a prompt, for everyone who can take it; whether there was anyone. */
    private boolean pass(List<Generation> running) {
        boolean progress = false;
        boolean decoding = false;
        Map<LoadedModel, List<Generation>> ready = new LinkedHashMap<>();
        for (Generation generation : running) {
            if (endedByItself(generation)) {
                progress = true;
            } else if (generation.listener().isReady() && prepare(generation)) {
                generation.unstalled();
                ready.computeIfAbsent(generation.model(), model -> new ArrayList<>())
                        .add(generation);
                decoding |= generation.unread() == 1;
            }
        }
        int room = prefill.tokens(decoding);
        for (Map.Entry<LoadedModel, List<Generation>> ofModel : ready.entrySet()) {
            // All versions share the thread, and with it the budget.
            room = Math.max(PrefillBudget.PIECE, room - feed(ofModel.getKey(), ofModel.getValue(), room));
        }
        return progress || !ready.isEmpty();
    }

    /** Gives it a cache; if that fails, only this generation ends. */
    private boolean prepare(Generation generation) {
        try {
            generation.prepare();
            return true;
        } catch (RuntimeException | Error e) {
            LOG.error("a generation got no cache", e);
            broken(generation, e);
            return false;
        }
    }

    /** Whether it was cancelled, is late, or has a reader who takes nothing: then it has left. */
    private boolean endedByItself(Generation generation) {
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
        Duration limit = limits.slowReaderTimeout();
        if (!generation.listener().isReady() && generation.stalledLongerThan(limit.toNanos(), now)) {
            leave(generation);
            fail(generation, Failure.SLOW_READER, "nothing was read for " + limit.toMillis() + " ms");
            return true;
        }
        return false;
    }

    /** One pass through one model; the tokens of prompts that it read. */
    private int feed(LoadedModel model, List<Generation> ready, int room) {
        long start = System.nanoTime();
        Batch batch = Batch.plan(ready, room);
        long planned = System.nanoTime();
        List<float[]> logits;
        try {
            logits = model.feed(batch.feeds());
        } catch (RuntimeException | Error e) {
            LOG.error("a pass through the model failed", e);
            batch.fed().forEach(generation -> broken(generation, e));
            return batch.read();
        }
        long modelNanos = System.nanoTime() - planned;
        prefill.took(batch.read(), batch.decoded(), modelNanos);
        long fed = System.nanoTime();
        List<Generation> answered = batch.answered();
        Sampled[] samples = new Sampled[answered.size()];
        model.forEachRow(samples.length, i -> samples[i] = Sampled.of(answered.get(i), logits.get(i)));
        long samplingNanos = System.nanoTime() - fed;
        // In turn: whoever listens need not expect several threads.
        for (Sampled sample : samples) {
            deliver(sample);
        }
        metrics.pass(batch.fed().size(), batch.read(), modelNanos, samplingNanos, System.nanoTime() - start);
        return batch.read();
    }

    /**
     * What became of a generation's logits.
     *
     * @param chunk if there is text to show or it was the last
     * @param failure of sampling
     */
    private record Sampled(Generation generation, Optional<GeneratedChunk> chunk, Optional<Throwable> failure) {
        static Sampled of(Generation generation, float[] logits) {
            try {
                return new Sampled(generation, generation.accept(logits), Optional.empty());
            } catch (RuntimeException | Error e) {
                return new Sampled(generation, Optional.empty(), Optional.of(e));
            }
        }
    }

    private void deliver(Sampled sample) {
        Generation generation = sample.generation();
        if (sample.failure().isPresent()) {
            LOG.error("a generation failed", sample.failure().get());
            broken(generation, sample.failure().get());
            return;
        }
        Optional<GeneratedChunk> chunk = sample.chunk();
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

    private void broken(Generation generation, Throwable cause) {
        leave(generation);
        fail(generation, Failure.INTERNAL, "generation failed: " + cause.getMessage());
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
        places.leave(generation);
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

    /**
     * Takes nothing more on, and waits until everything that was taken on has ended.
     *
     * @param patience after which it does not wait longer
     * @return whether everything has ended
     */
    public boolean drain(Duration patience) throws InterruptedException {
        return places.drain(patience);
    }

    /** Ends every generation and the thread. */
    @Override
    public void close() throws InterruptedException {
        places.close();
        thread.join(Duration.ofSeconds(10).toMillis());
    }
}
