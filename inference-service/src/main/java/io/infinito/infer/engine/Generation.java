package io.infinito.infer.engine;

import io.infinito.gpt.KvCache;
import io.infinito.infer.engine.Finish.Reason;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.Sampler;
import io.infinito.infer.sampling.StopStrings;
import io.infinito.infer.sampling.TokenHistory;
import io.infinito.tokenizer.StreamingDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One request on its way. It keeps one model from its first token to its last.
 *
 * <p>When the context is full, the cache is emptied and the last three quarters of it are read again: GPT-2's positions are absolute, so
 * the tokens that stay need new ones. The price is one prefill for each quarter of a context.
 */
public final class Generation {
    private final GenerationRequest request;
    private final LoadedModel model;
    private final GenerationListener listener;
    private final long deadlineNanos;
    private final long submittedNanos = System.nanoTime();

    private final TokenHistory history;
    private final Sampler sampler;
    private final StreamingDecoder decoder;
    private final StopStrings stops;
    /** -1 if the vocabulary has none. */
    private final int endOfText;

    private final List<Integer> unsent = new ArrayList<>();
    private KvCache cache;
    private int completionTokens;
    private volatile boolean cancelled;
    /** Since when the listener was not ready; 0: it is. */
    private long stalledSinceNanos;

    /** Takes over one use of the model. */
    Generation(GenerationRequest request, LoadedModel model, GenerationListener listener, long deadlineNanos) {
        this.request = request;
        this.model = model;
        this.listener = listener;
        this.deadlineNanos = deadlineNanos;
        this.history = new TokenHistory(request.promptIds());
        this.sampler = new Sampler(request.sampling(), request.seed());
        this.decoder = new StreamingDecoder(model.tokenizer());
        this.endOfText = model.tokenizer().endOfText().orElse(-1);
        this.stops = new StopStrings(request.stop());
    }

    /** Samples one token; a chunk if there is text to show or it was the last. */
    Optional<GeneratedChunk> step() {
        float[] logits = model.extend(cache(), unread());
        int id = sampler.sample(logits, history);
        history.append(id);
        unsent.add(id);
        completionTokens++;

        boolean ends = id == endOfText && !request.ignoreEos();
        boolean last = ends || completionTokens == request.maxNewTokens();
        // The end of text is a signal, not a text.
        String text = stops.append(ends ? "" : decoder.append(id));
        if (last) {
            text += stops.append(decoder.flush());
        }
        if (stops.matched().isPresent()) {
            return Optional.of(chunk(text, finish(Reason.STOP)));
        }
        if (last) {
            return Optional.of(chunk(text + stops.flush(), finish(ends ? Reason.EOS : Reason.LENGTH)));
        }
        return text.isEmpty() ? Optional.empty() : Optional.of(chunk(text, Optional.empty()));
    }

    private KvCache cache() {
        if (cache == null) {
            cache = model.newCache();
        }
        return cache;
    }

    /** The tokens that the cache has to be fed with next. */
    private long[] unread() {
        if (completionTokens == 0) {
            return history.from(0);
        }
        if (cache.length() < cache.capacity()) {
            return history.from(history.length() - 1);
        }
        cache.truncate(0);
        int kept = Math.max(1, cache.capacity() * 3 / 4);
        return history.from(history.length() - kept);
    }

    private Optional<Finish> finish(Reason reason) {
        return Optional.of(
                new Finish(reason, stops.matched().orElse(""), request.promptIds().length, completionTokens));
    }

    private GeneratedChunk chunk(String text, Optional<Finish> finish) {
        GeneratedChunk chunk = new GeneratedChunk(text, List.copyOf(unsent), finish);
        unsent.clear();
        return chunk;
    }

    /** Frees what the request held. */
    void close() {
        if (cache != null) {
            cache.close();
            cache = null;
        }
        model.release();
    }

    /** Whether its listener has not taken anything for longer than {@code limitNanos}. Called at each turn of a listener that is not ready. */
    boolean stalledLongerThan(long limitNanos, long now) {
        if (stalledSinceNanos == 0) {
            stalledSinceNanos = now;
        }
        return now - stalledSinceNanos >= limitNanos;
    }

    void unstalled() {
        stalledSinceNanos = 0;
    }

    void cancel() {
        cancelled = true;
    }

    boolean isCancelled() {
        return cancelled;
    }

    boolean isLate(long now) {
        return now - deadlineNanos >= 0;
    }

    /** When somebody has to look at it at the latest, although nothing happened. */
    long nextTurnNanos(long stallLimitNanos) {
        long stallEnd = stalledSinceNanos + stallLimitNanos;
        return stalledSinceNanos != 0 && stallEnd - deadlineNanos < 0 ? stallEnd : deadlineNanos;
    }

    long submittedNanos() {
        return submittedNanos;
    }

    int completionTokens() {
        return completionTokens;
    }

    GenerationListener listener() {
        return listener;
    }
}
