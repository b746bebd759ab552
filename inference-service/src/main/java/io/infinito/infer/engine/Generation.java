package io.infinito.infer.engine;

import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.infer.engine.Finish.Reason;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.Sampler;
import io.infinito.infer.sampling.StopStrings;
import io.infinito.infer.sampling.TokenHistory;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.tokenizer.StreamingDecoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** One sequence on its way: what it has read and sampled, and how it ends. It keeps one model from its first token to its last. */
public final class Generation {
    private final String client;
    private final GenerationRequest request;
    private final LoadedModel model;
    private final GenerationListener listener;
    private final long deadlineNanos;
    private final long submittedNanos = System.nanoTime();

    private final TokenHistory history;
    private final Sampler sampler;
    private final StreamingDecoder decoder;
    private final StopStrings stops;
    private final Stopping stopping;
    /** -1 if the vocabulary has none. */
    private final int endOfText;

    private final List<Integer> unsent = new ArrayList<>();
    private final List<TokenLogprob> unsentLogprobs = new ArrayList<>();
    /** Null until {@link #prepare}. */
    private ContextWindow window;

    private int completionTokens;
    private long startedNanos;
    private long firstTokenNanos;
    private volatile boolean cancelled;
    /** Since when the listener was not ready; 0: it is. */
    private long stalledSinceNanos;

    /** Takes over one use of the model. */
    Generation(
            String client,
            GenerationRequest request,
            LoadedModel model,
            GenerationListener listener,
            long deadlineNanos) {
        this.client = client;
        this.request = request;
        this.model = model;
        this.listener = listener;
        this.deadlineNanos = deadlineNanos;
        this.history = new TokenHistory(request.promptIds());
        this.sampler = new Sampler(request.sampling(), request.seed());
        this.decoder = new StreamingDecoder(model.tokenizer());
        this.endOfText = model.tokenizer().endOfText().orElse(-1);
        this.stopping = request.stopping();
        this.stops = new StopStrings(stopping.stop(), stopping.includeStop());
    }

    /** Has a cache from now on. */
    void prepare() {
        if (window == null) {
            startedNanos = System.nanoTime();
            window = new ContextWindow(model, history, history.promptLength() + stopping.maxNewTokens());
        }
    }

    /** How many tokens it has to be fed with before the next is sampled; 1 once it is being decoded. */
    int unread() {
        return window.unread();
    }

    /**
     * What it has to be fed with next, in pieces.
     *
     * @param room tokens in all; the last piece may be longer by less than one of {@link PrefillBudget#PIECE}
     */
    List<Feed> feeds(int room) {
        return window.feeds(room);
    }

    /** A piece of what it will have to be fed with once its context is full; null if none is due. */
    Feed ahead() {
        return window.ahead();
    }

    /** How many tokens it can be fed with until its context is full. */
    int stepsToSlide() {
        return window.stepsLeft();
    }

    /**
     * Samples one token; a chunk if there is text to show or it was the last.
     *
     * @param logits that follow the last token, one for each id; changed in place
     */
    Optional<GeneratedChunk> accept(float[] logits) {
        int id = sample(logits);
        history.append(id);
        unsent.add(id);
        completionTokens++;
        if (completionTokens == 1) {
            firstTokenNanos = System.nanoTime();
        }

        Optional<Reason> reason = reasonToEnd(id);
        // The end of text is a signal, not a text; a stop token is text where stop strings are.
        boolean silent = reason.filter(r -> r == Reason.EOS).isPresent()
                || (stopsAt(id) && reason.isPresent() && !stopping.includeStop());
        String fresh = silent ? "" : decoder.append(id);
        if (reason.isPresent()) {
            fresh += decoder.flush();
        }
        // What comes before the least number of tokens cannot be part of a stop string.
        String text = completionTokens <= stopping.minNewTokens() ? fresh : stops.append(fresh);
        if (stops.matched().isPresent()) {
            return Optional.of(chunk(text, finish(Reason.STOP, OptionalInt.empty())));
        }
        if (reason.isPresent()) {
            OptionalInt stopToken = reason.get() == Reason.STOP ? OptionalInt.of(id) : OptionalInt.empty();
            return Optional.of(chunk(text + stops.flush(), finish(reason.get(), stopToken)));
        }
        return text.isEmpty() ? Optional.empty() : Optional.of(chunk(text, Optional.empty()));
    }

    private int sample(float[] logits) {
        // Probabilities are told as the model gave them: what follows changes the logits.
        float[] raw = request.logprobs().isPresent() ? logits.clone() : logits;
        if (completionTokens < stopping.minNewTokens()) {
            if (endOfText >= 0 && !stopping.ignoreEos()) {
                logits[endOfText] = Float.NEGATIVE_INFINITY;
            }
            for (int id : stopping.stopTokenIds()) {
                logits[id] = Float.NEGATIVE_INFINITY;
            }
        }
        int id = sampler.sample(logits, history);
        if (request.logprobs().isPresent()) {
            unsentLogprobs.add(TokenLogprob.of(raw, id, request.logprobs().getAsInt()));
        }
        return id;
    }

    private boolean stopsAt(int id) {
        return stopping.stopTokenIds().contains(id);
    }

    private Optional<Reason> reasonToEnd(int id) {
        if (completionTokens > stopping.minNewTokens()) {
            if (id == endOfText && !stopping.ignoreEos()) {
                return Optional.of(Reason.EOS);
            }
            if (stopsAt(id)) {
                return Optional.of(Reason.STOP);
            }
        }
        if (completionTokens == stopping.maxNewTokens()) {
            return Optional.of(Reason.LENGTH);
        }
        return stopping.timeLimit()
                .filter(limit -> System.nanoTime() - submittedNanos >= limit.toNanos())
                .map(limit -> Reason.TIME);
    }

    private Optional<Finish> finish(Reason reason, OptionalInt stopTokenId) {
        Timing timing = new Timing(
                Duration.ofNanos(startedNanos - submittedNanos),
                Duration.ofNanos(firstTokenNanos - submittedNanos),
                Duration.ofNanos(System.nanoTime() - submittedNanos));
        return Optional.of(new Finish(
                reason, stops.matched().orElse(""), stopTokenId, request.promptIds().length, completionTokens, timing));
    }

    private GeneratedChunk chunk(String text, Optional<Finish> finish) {
        GeneratedChunk chunk = new GeneratedChunk(text, List.copyOf(unsent), List.copyOf(unsentLogprobs), finish);
        unsent.clear();
        unsentLogprobs.clear();
        return chunk;
    }

    /** Frees what the request held. */
    void close() {
        if (window != null) {
            window.close();
            window = null;
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

    String client() {
        return client;
    }

    LoadedModel model() {
        return model;
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
