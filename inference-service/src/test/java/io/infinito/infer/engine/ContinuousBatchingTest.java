package io.infinito.infer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.infinito.gpt.GptConfig;
import io.infinito.gpt.KvCache;
import io.infinito.infer.model.FormatChoice;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.TinyModels;
import io.infinito.infer.model.TinyTokenizer;
import io.infinito.infer.sampling.SamplingSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ContinuousBatchingTest {
    /** Room for prompts of several pieces. */
    private static final GptConfig CONFIG = new GptConfig(TinyTokenizer.VOCABULARY, 100, 2, 2, 32, true);

    private static final SamplingSettings WARM = new SamplingSettings(1, 0, 1, 1, 0);
    private static final int ENDLESS = 1_000_000;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @ParameterizedTest
    @EnumSource(names = {"FP32", "INT8"})
    void aSequenceGetsTheSameTokensAloneAndInABatch(FormatChoice format) throws Exception {
        List<GenerationRequest> requests = new ArrayList<>();
        Random random = new Random(5);
        for (int i = 0; i < 24; i++) {
            // Some go past the context, where their last three quarters are read again.
            requests.add(request(1 + random.nextInt(98), i, 5 + random.nextInt(90)));
        }
        List<List<Integer>> alone = answers(requests, 1, format);
        List<List<Integer>> together = answers(requests, 12, format);
        assertThat(together).isEqualTo(alone);
        assertThat(meters.get("infinito.pass.sequences").summary().mean()).isGreaterThan(2);
    }

    @Test
    void aLongPromptIsReadInPiecesBesideWhatIsDecoded() {
        LoadedModel model = TinyModels.load(1, CONFIG, FormatChoice.FP32);
        Generation stream = generation(model, 1);
        Generation late = generation(model, 3 * PrefillBudget.PIECE - 5);
        List<Generation> ready = List.of(late, stream);
        for (int piece = 1; piece <= 3; piece++) {
            Batch batch = Batch.plan(ready, PrefillBudget.PIECE);
            assertThat(batch.feeds()).extracting(feed -> feed.ids().length).containsExactly(1, piece == 3 ? 27 : 32);
            assertThat(batch.decoded()).isEqualTo(1);
            assertThat(batch.answered()).isEqualTo(piece == 3 ? List.of(stream, late) : List.of(stream));
            List<float[]> logits = model.feed(batch.feeds());
            for (int i = 0; i < logits.size(); i++) {
                batch.answered().get(i).accept(logits.get(i));
            }
        }
        assertThat(Batch.plan(ready, PrefillBudget.PIECE).decoded()).isEqualTo(2);
        stream.close();
        late.close();
        model.release();
        await().until(model::isFreed);
    }

    @Test
    void aBudgetOfSeveralPiecesReadsThemInOnePass() {
        LoadedModel model = TinyModels.load(1, CONFIG, FormatChoice.FP32);
        Generation late = generation(model, 3 * PrefillBudget.PIECE - 5);
        Batch batch = Batch.plan(List.of(late), 2 * PrefillBudget.PIECE);
        assertThat(batch.feeds()).extracting(feed -> feed.ids().length).containsExactly(32, 32);
        assertThat(batch.answered()).isEmpty();
        late.close();
        model.release();
    }

    @Test
    void streamsWhoseContextIsFullGoOnInTheNextPass() {
        LoadedModel model = TinyModels.load(1, CONFIG, FormatChoice.FP32);
        List<Generation> streams = new ArrayList<>();
        List<List<Integer>> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            streams.add(generation(model, 1, i));
            ids.add(new ArrayList<>());
        }
        for (int pass = 0; pass < 300; pass++) {
            Batch batch = Batch.plan(streams, PrefillBudget.PIECE);
            assertThat(batch.decoded()).isEqualTo(streams.size());
            assertThat(batch.read()).isLessThan(2 * PrefillBudget.PIECE);
            List<float[]> logits = model.feed(batch.feeds());
            for (int i = 0; i < logits.size(); i++) {
                int stream = streams.indexOf(batch.answered().get(i));
                ids.get(stream)
                        .addAll(streams.get(stream).accept(logits.get(i)).stream()
                                .flatMap(chunk -> chunk.tokenIds().stream())
                                .toList());
            }
        }
        for (int i = 0; i < streams.size(); i++) {
            List<Integer> got = ids.get(i);
            // Without a character's last byte there is no chunk yet.
            assertThat(got).hasSizeGreaterThan(290);
            assertThat(got).isEqualTo(EngineTest.expected(model, prompt(1, i), WARM, i, got.size()));
        }
        streams.forEach(Generation::close);
        List<KvCache> all = new ArrayList<>();
        for (int i = 0; i < TinyModels.CACHES; i++) {
            all.add(model.newCache());
        }
        all.forEach(KvCache::close);
        model.release();
    }

    @Test
    void aPromptIsReadBesideWhatStreamsReadAhead() {
        LoadedModel model = TinyModels.load(1, CONFIG, FormatChoice.FP32);
        Generation stream = generation(model, 80, 1);
        while (stream.completionTokens() == 0) {
            model.feed(stream.feeds(80)).forEach(stream::accept);
        }
        Generation late = generation(model, 64, 2);
        Batch batch = Batch.plan(List.of(stream, late), PrefillBudget.PIECE);
        assertThat(batch.feeds()).extracting(feed -> feed.ids().length).containsExactly(1, 32, 32);
        assertThat(batch.fed()).containsExactly(stream, late);
        stream.close();
        late.close();
        model.release();
    }

    @Test
    void nothingIsReadAheadThatCannotBeNeeded() {
        LoadedModel model = TinyModels.load(1, CONFIG, FormatChoice.FP32);
        Generation stream = generation(model, request(80, 1, 21));
        for (int pass = 0; pass < 21; pass++) {
            Batch batch = Batch.plan(List.of(stream), 3 * PrefillBudget.PIECE);
            assertThat(batch.feeds()).hasSize(pass == 0 ? 3 : 1);
            model.feed(batch.feeds()).forEach(stream::accept);
        }
        stream.close();
        model.release();
    }

    private static Generation generation(LoadedModel model, int promptTokens) {
        return generation(model, promptTokens, 1);
    }

    private static Generation generation(LoadedModel model, int promptTokens, long seed) {
        return generation(model, request(promptTokens, seed, ENDLESS));
    }

    private static Generation generation(LoadedModel model, GenerationRequest request) {
        Generation generation =
                new Generation("test", request, retained(model), new RecordingListener(), Long.MAX_VALUE);
        generation.prepare();
        return generation;
    }

    private List<List<Integer>> answers(List<GenerationRequest> requests, int running, FormatChoice format)
            throws Exception {
        LoadedModel model = TinyModels.load(1, CONFIG, format);
        List<RecordingListener> listeners = new ArrayList<>();
        try (Engine engine = engine(running)) {
            for (GenerationRequest request : requests) {
                RecordingListener listener = new RecordingListener();
                listeners.add(listener);
                engine.submit("test", request, retained(model), listener, Optional.empty());
            }
            for (RecordingListener listener : listeners) {
                listener.finish();
            }
        } finally {
            model.release();
        }
        return listeners.stream().map(RecordingListener::ids).toList();
    }

    private Engine engine(int running) {
        meters.clear();
        return new Engine(
                new EngineLimits(running, 100, 100, Duration.ofMillis(50), Duration.ofSeconds(30)),
                new EngineMetrics(meters));
    }

    private static LoadedModel retained(LoadedModel model) {
        assertThat(model.retain()).isTrue();
        return model;
    }

    private static GenerationRequest request(int promptTokens, long seed, int tokens) {
        return new GenerationRequest(
                prompt(promptTokens, seed), WARM, seed, Stopping.after(tokens, true), OptionalInt.empty());
    }

    private static int[] prompt(int tokens, long seed) {
        return new Random(seed).ints(tokens, 0, 256).toArray();
    }
}
