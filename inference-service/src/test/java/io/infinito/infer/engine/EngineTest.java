package io.infinito.infer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.gpt.KvCache;
import io.infinito.infer.engine.Finish.Reason;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.TinyModels;
import io.infinito.infer.model.TinyTokenizer;
import io.infinito.infer.sampling.Sampler;
import io.infinito.infer.sampling.SamplingSettings;
import io.infinito.infer.sampling.TokenHistory;
import io.infinito.infer.sampling.TokenLogprob;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EngineTest {
    private static final SamplingSettings GREEDY = new SamplingSettings(0, 0, 1, 1, 0);
    private static final SamplingSettings WARM = new SamplingSettings(1, 0, 1, 1, 0);
    private static final String CLIENT = "test";
    private static final int ENDLESS = 1_000_000;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Engine engine;
    private LoadedModel model;

    @BeforeEach
    void start() {
        engine = new Engine(
                new EngineLimits(2, 2, 2, Duration.ofMillis(50), Duration.ofMillis(300)), new EngineMetrics(meters));
        model = TinyModels.load(1);
    }

    @AfterEach
    void stop() throws InterruptedException {
        engine.close();
        model.release();
        await("every request gives the model back").until(model::isFreed);
    }

    @Test
    void greedyTokensAreTheLikeliestOfEachStep() throws Exception {
        RecordingListener listener = new RecordingListener();
        submit(request("Hello", GREEDY, 20), listener);
        Finish finish = listener.finish();
        assertThat(finish.reason()).isEqualTo(Reason.LENGTH);
        assertThat(finish.stopString()).isEmpty();
        assertThat(finish.stopTokenId()).isEmpty();
        assertThat(finish.promptTokens()).isEqualTo(5);
        assertThat(finish.completionTokens()).isEqualTo(20);
        assertThat(finish.timing().queue()).isLessThan(finish.timing().firstToken());
        assertThat(finish.timing().firstToken()).isLessThan(finish.timing().total());
        assertThat(listener.ids()).isEqualTo(expected("Hello", GREEDY, 0, 20)).hasSize(20);
    }

    @Test
    void goesOnPastTheContextWithItsLastThreeQuarters() throws Exception {
        RecordingListener listener = new RecordingListener();
        submit(request("Hello", WARM, 150), listener);
        listener.finish();
        assertThat(listener.ids()).isEqualTo(expected("Hello", WARM, 0, 150)).hasSize(150);
    }

    @Test
    void neighboursDoNotChangeAnAnswer() throws Exception {
        List<RecordingListener> listeners = new ArrayList<>();
        for (String prompt : List.of("One", "Another one", "Three")) {
            RecordingListener listener = new RecordingListener();
            submit(request(prompt, WARM, 40), listener);
            listeners.add(listener);
        }
        for (RecordingListener listener : listeners) {
            listener.finish();
        }
        assertThat(listeners.get(1).ids()).isEqualTo(expected("Another one", WARM, 0, 40));
        assertThat(listeners.get(2).ids()).isEqualTo(expected("Three", WARM, 0, 40));
    }

    @Test
    void streamedTextIsTheTextOfAllIdsInWholeCharacters() throws Exception {
        RecordingListener listener = new RecordingListener();
        submit(request("Hello", WARM, 200), listener);
        listener.finish();
        int[] ids = listener.ids().stream().mapToInt(id -> id).toArray();
        assertThat(listener.text()).isEqualTo(model.tokenizer().decode(ids));
        List<GeneratedChunk> chunks = listener.chunks();
        assertThat(chunks.subList(0, chunks.size() - 1)).allSatisfy(chunk -> {
            assertThat(chunk.text()).isNotEmpty();
            assertThat(chunk.finish()).isEmpty();
        });
    }

    @Test
    void endOfTextEndsUnlessIgnored() throws Exception {
        for (long seed = 1; ; seed++) {
            RecordingListener listener = new RecordingListener();
            GenerationRequest request = request("Hello", WARM, 200, seed, List.of(), false);
            submit(request, listener);
            Finish finish = listener.finish();
            if (finish.reason() != Reason.EOS) {
                assertThat(seed).as("seeds tried").isLessThan(200);
                continue;
            }
            int length = finish.completionTokens();
            assertThat(listener.ids()).hasSize(length).last().isEqualTo(TinyTokenizer.END_OF_TEXT);
            assertThat(listener.text()).doesNotContain("endoftext");

            RecordingListener ignoring = new RecordingListener();
            submit(request("Hello", WARM, 200, seed, List.of(), true), ignoring);
            assertThat(ignoring.finish().reason()).isEqualTo(Reason.LENGTH);
            assertThat(ignoring.ids()).hasSize(200);
            assertThat(ignoring.ids().subList(0, length)).isEqualTo(listener.ids());
            return;
        }
    }

    @Test
    void endsBeforeAStopString() throws Exception {
        RecordingListener free = new RecordingListener();
        submit(request("Hello", WARM, 60), free);
        free.finish();
        // Two characters from the middle of what comes anyway.
        String stop = free.text().substring(20, 22);
        String before = free.text().substring(0, free.text().indexOf(stop));

        RecordingListener stopped = new RecordingListener();
        submit(request("Hello", WARM, 60, 0, List.of("never there", stop), true), stopped);
        Finish finish = stopped.finish();
        assertThat(finish.reason()).isEqualTo(Reason.STOP);
        assertThat(finish.stopString()).isEqualTo(stop);
        assertThat(stopped.text()).isEqualTo(before);
        assertThat(stopped.ids())
                .hasSize(finish.completionTokens())
                .isEqualTo(free.ids().subList(0, finish.completionTokens()));
    }

    @Test
    void aStopTokenEndsTheTextBeforeOrAfterItself() throws Exception {
        RecordingListener free = new RecordingListener();
        submit(request("Hello", WARM, 60), free);
        free.finish();
        List<Integer> ids = free.ids();
        // An ASCII letter, so that its text is itself.
        int stop = ids.stream()
                .skip(5)
                .filter(id -> id >= 'a' && id <= 'z')
                .findFirst()
                .orElseThrow();
        int length = ids.indexOf(stop) + 1;
        for (boolean included : new boolean[] {false, true}) {
            RecordingListener listener = new RecordingListener();
            Stopping stopping = new Stopping(60, 0, List.of(), Set.of(stop), included, true, Optional.empty());
            submit(request("Hello", WARM, 0, stopping, OptionalInt.empty()), listener);
            Finish finish = listener.finish();
            assertThat(finish.reason()).isEqualTo(Reason.STOP);
            assertThat(finish.stopTokenId()).hasValue(stop);
            assertThat(listener.ids()).isEqualTo(ids.subList(0, length));
            int[] shown = ids.subList(0, included ? length : length - 1).stream()
                    .mapToInt(id -> id)
                    .toArray();
            assertThat(listener.text()).isEqualTo(model.tokenizer().decode(shown));
        }
    }

    @Test
    void nothingStopsBeforeTheLeastNumberOfTokens() throws Exception {
        Set<Integer> everyLetter = IntStream.rangeClosed(' ', '~').boxed().collect(Collectors.toSet());
        RecordingListener listener = new RecordingListener();
        Stopping stopping = new Stopping(200, 20, List.of("a", "b"), everyLetter, false, false, Optional.empty());
        submit(request("Hello", WARM, 0, stopping, OptionalInt.empty()), listener);
        Finish finish = listener.finish();
        assertThat(finish.reason()).isIn(Reason.STOP, Reason.EOS);
        assertThat(listener.ids().subList(0, 20))
                .doesNotContainAnyElementsOf(everyLetter)
                .doesNotContain(256);
        assertThat(finish.completionTokens()).isGreaterThan(20);
    }

    @Test
    void aTimeLimitEndsWithWhatThereIs() throws Exception {
        RecordingListener listener = new RecordingListener();
        Stopping stopping =
                new Stopping(ENDLESS, 0, List.of(), Set.of(), false, true, Optional.of(Duration.ofMillis(50)));
        submit(request("Hello", WARM, 0, stopping, OptionalInt.empty()), listener);
        Finish finish = listener.finish();
        assertThat(finish.reason()).isEqualTo(Reason.TIME);
        assertThat(listener.ids()).hasSize(finish.completionTokens());
        assertThat(finish.timing().total()).isGreaterThanOrEqualTo(Duration.ofMillis(50));
    }

    @Test
    void logprobsAreThoseOfTheRawDistribution() throws Exception {
        RecordingListener plain = new RecordingListener();
        RecordingListener told = new RecordingListener();
        submit(request("Hello", GREEDY, 12), plain);
        submit(request("Hello", GREEDY, 0, Stopping.after(12, true), OptionalInt.of(3)), told);
        plain.finish();
        told.finish();
        assertThat(told.ids()).isEqualTo(plain.ids());
        List<TokenLogprob> logprobs =
                told.chunks().stream().flatMap(c -> c.logprobs().stream()).toList();
        assertThat(logprobs).extracting(TokenLogprob::id).isEqualTo(told.ids());
        int[] text = IntStream.concat(
                        IntStream.of(bytes("Hello")), told.ids().stream().mapToInt(id -> id))
                .toArray();
        List<TokenLogprob> scores = model.scores(text, 3);
        for (int i = 0; i < 12; i++) {
            TokenLogprob score = scores.get(bytes("Hello").length - 1 + i);
            assertThat(logprobs.get(i).logprob()).isCloseTo(score.logprob(), within(1e-4f));
            assertThat(logprobs.get(i).rank()).isEqualTo(1).isEqualTo(score.rank());
            assertThat(logprobs.get(i).top())
                    .hasSize(3)
                    .extracting(TokenLogprob::id)
                    .isEqualTo(score.top().stream().map(TokenLogprob::id).toList());
        }
    }

    @Test
    void sequencesOfOneRequestAreTakenOnTogetherOrNotAtAll() throws Exception {
        List<GenerationRequest> sequences = new ArrayList<>();
        List<RecordingListener> listeners = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            sequences.add(request("Hello", WARM, 10).withSeed(i));
            listeners.add(new RecordingListener());
            retained();
        }
        engine.submit(CLIENT, sequences, model, listeners, Optional.empty());
        for (int i = 0; i < 4; i++) {
            listeners.get(i).finish();
            assertThat(listeners.get(i).ids()).isEqualTo(expected("Hello", WARM, i, 10));
        }
        await().until(() -> active() == 0);
        sequences.add(sequences.get(0));
        listeners.add(new RecordingListener());
        assertThatThrownBy(() -> engine.submit(CLIENT, sequences, model, listeners, Optional.empty()))
                .isInstanceOf(EngineFullException.class)
                .hasMessageContaining("no place for 5");
        assertThat(active()).isZero();
    }

    @Test
    void drainingTakesNothingOnAndWaitsForWhatRuns() throws Exception {
        RecordingListener listener = new RecordingListener();
        Generation running = submit(request("x", WARM, ENDLESS), listener);
        assertThat(engine.drain(Duration.ofMillis(10))).isFalse();
        RecordingListener late = new RecordingListener();
        submit(request("x", WARM, 1), late);
        assertThat(late.failure()).contains("SHUTDOWN: the service stops");
        engine.cancel(running);
        assertThat(engine.drain(Duration.ofSeconds(30))).isTrue();
    }

    @Test
    void refusesWhatHasNoPlaceAndTakesTheNextOnceOneIsFree() throws Exception {
        List<Generation> generations = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            generations.add(submit(request("x", WARM, ENDLESS), new RecordingListener()));
        }
        assertThatThrownBy(() -> submit(request("x", WARM, 1), new RecordingListener()))
                .isInstanceOf(EngineFullException.class)
                .hasMessageContaining("try again later");
        // One that runs and one that waits.
        engine.cancel(generations.get(0));
        engine.cancel(generations.get(3));
        await().until(() -> active() == 2);
        RecordingListener next = new RecordingListener();
        engine.cancel(generations.get(1));
        await().until(() -> active() == 1);
        submit(request("x", WARM, 3), next);
        assertThat(next.finish().completionTokens()).isEqualTo(3);
        engine.cancel(generations.get(2));
        await().until(() -> active() == 0);
        assertThat(meters.get("infinito.requests")
                        .tag("reason", "cancelled")
                        .counter()
                        .count())
                .isEqualTo(4);
        assertThat(meters.get("infinito.requests")
                        .tag("reason", "rejected")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aPassedDeadlineEndsWhatRunsAndWhatWaits() throws Exception {
        List<RecordingListener> listeners = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            RecordingListener listener = new RecordingListener();
            listeners.add(listener);
            submit(request("x", WARM, ENDLESS), listener, Optional.of(Duration.ofMillis(200)));
        }
        await().until(() -> active() == 0);
        assertThat(listeners)
                .allSatisfy(listener -> assertThat(listener.failure())
                        .hasValueSatisfying(
                                message -> assertThat(message).startsWith("DEADLINE: the deadline passed")));
    }

    @Test
    void aSlowReaderHoldsNobodyUpAndIsDroppedInTheEnd() throws Exception {
        RecordingListener slow = new RecordingListener();
        slow.setReady(false);
        submit(request("x", WARM, ENDLESS), slow);
        RecordingListener quick = new RecordingListener();
        submit(request("x", WARM, 50), quick);
        assertThat(quick.finish().completionTokens()).isEqualTo(50);
        assertThat(slow.chunks()).isEmpty();
        await().until(() -> slow.failure().isPresent());
        assertThat(slow.failure()).contains("SLOW_READER: nothing was read for 300 ms");
        await().until(() -> active() == 0);
    }

    @Test
    void aReaderThatReadsAgainIsServedOn() throws Exception {
        RecordingListener listener = new RecordingListener();
        listener.setReady(false);
        submit(request("Hello", WARM, 30), listener);
        listener.setReady(true);
        engine.wake();
        listener.finish();
        assertThat(listener.ids()).isEqualTo(expected("Hello", WARM, 0, 30));
    }

    @Test
    void aListenerThatThrowsLosesItsPlaceAlone() throws Exception {
        engine.submit(
                CLIENT,
                request("x", WARM, ENDLESS),
                retained(),
                new GenerationListener() {
                    @Override
                    public boolean isReady() {
                        return true;
                    }

                    @Override
                    public void onChunk(GeneratedChunk chunk) {
                        throw new IllegalStateException("gone");
                    }

                    @Override
                    public void onFailure(Failure failure, String message) {}
                },
                Optional.empty());
        await().until(() -> active() == 0);
        RecordingListener next = new RecordingListener();
        submit(request("x", WARM, 3), next);
        assertThat(next.finish().completionTokens()).isEqualTo(3);
    }

    @Test
    void requestsInFlightKeepTheModelTheyStartedWith() throws Exception {
        LoadedModel old = TinyModels.load(2);
        List<Integer> oldAnswer = expected(old, bytes("Hello"), WARM, 0, 400);
        RecordingListener onOld = new RecordingListener();
        assertThat(old.retain()).isTrue();
        engine.submit(CLIENT, request("Hello", WARM, 400), old, onOld, Optional.empty());
        // What a swap does: the new one answers from now on, and nobody but the request holds the old one.
        old.release();
        RecordingListener onNew = new RecordingListener();
        submit(request("Hello", WARM, 400), onNew);
        onOld.finish();
        onNew.finish();
        assertThat(onOld.ids()).isEqualTo(oldAnswer);
        assertThat(onNew.ids()).isEqualTo(expected("Hello", WARM, 0, 400)).isNotEqualTo(oldAnswer);
        await().until(old::isFreed);
        assertThat(old.retain()).isFalse();
    }

    @Test
    void closingTellsWhoIsLeft() throws Exception {
        RecordingListener listener = new RecordingListener();
        submit(request("x", WARM, ENDLESS), listener);
        engine.close();
        assertThat(listener.failure()).contains("SHUTDOWN: the service stops");
        RecordingListener late = new RecordingListener();
        submit(request("x", WARM, 1), late);
        assertThat(late.failure()).contains("SHUTDOWN: the service stops");
    }

    private Generation submit(GenerationRequest request, RecordingListener listener) throws EngineFullException {
        return submit(request, listener, Optional.empty());
    }

    private Generation submit(GenerationRequest request, RecordingListener listener, Optional<Duration> timeout)
            throws EngineFullException {
        try {
            return engine.submit(CLIENT, request, retained(), listener, timeout);
        } catch (EngineFullException e) {
            model.release();
            throw e;
        }
    }

    private LoadedModel retained() {
        assertThat(model.retain()).isTrue();
        return model;
    }

    private double active() {
        return meters.get("infinito.requests.running").gauge().value()
                + meters.get("infinito.requests.waiting").gauge().value();
    }

    private static GenerationRequest request(String prompt, SamplingSettings sampling, int tokens) {
        return request(prompt, sampling, tokens, 0, List.of(), true);
    }

    private static GenerationRequest request(
            String prompt, SamplingSettings sampling, int tokens, long seed, List<String> stop, boolean ignoreEos) {
        return request(
                prompt,
                sampling,
                seed,
                new Stopping(tokens, 0, stop, Set.of(), false, ignoreEos, Optional.empty()),
                OptionalInt.empty());
    }

    private static GenerationRequest request(
            String prompt, SamplingSettings sampling, long seed, Stopping stopping, OptionalInt logprobs) {
        return new GenerationRequest(bytes(prompt), sampling, seed, stopping, logprobs);
    }

    private static int[] bytes(String prompt) {
        byte[] bytes = prompt.getBytes(StandardCharsets.US_ASCII);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i];
        }
        return ids;
    }

    private List<Integer> expected(String prompt, SamplingSettings sampling, long seed, int tokens) {
        // A second model of the same weights: the first belongs to the decode thread.
        LoadedModel twin = TinyModels.load(1);
        try {
            return expected(twin, bytes(prompt), sampling, seed, tokens);
        } finally {
            twin.release();
        }
    }

    /** Without any cache: each token from all tokens that the context then holds. */
    static List<Integer> expected(
            LoadedModel reference, int[] prompt, SamplingSettings sampling, long seed, int tokens) {
        int context = reference.config().context();
        TokenHistory history = new TokenHistory(prompt);
        Sampler sampler = new Sampler(sampling, seed);
        List<Integer> ids = new ArrayList<>();
        int from = 0;
        while (ids.size() < tokens) {
            if (history.length() - from > context) {
                from = history.length() - context * 3 / 4;
            }
            try (KvCache cache = reference.newCache()) {
                long[] read = history.range(from, history.length());
                float[] logits =
                        reference.feed(List.of(new Feed(cache, read, true))).get(0);
                int id = sampler.sample(logits, history);
                history.append(id);
                ids.add(id);
            }
        }
        return ids;
    }
}
