package io.infinito.infer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptDecoder;
import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.gpt.GptInspection;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.KvCache;
import io.infinito.gpt.Precision;
import io.infinito.gpt.TokenScore;
import io.infinito.gpt.WeightFormat;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.safetensors.TensorPlaces;
import io.infinito.tokenizer.Tokenizer;
import java.nio.FloatBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * One version of a model in native memory. It is counted who uses it: the creator at first, then everyone whose {@link #retain}
 * succeeded; after the last {@link #release} it is freed. Only one thread at a time may {@link #feed}.
 */
public final class LoadedModel {
    /** For fewer, waking the threads takes longer than they help. */
    private static final int ROWS_FOR_THREADS = 4;

    private final Torch torch;
    private final ModelIdentity identity;
    private final double validationLoss;
    private final Instant loadedAt = Instant.now();
    private final Tokenizer tokenizer;
    private final NDManager manager;
    private final boolean onGpu;
    private final GptWeights weights;
    private final GptDecoder decoder;
    /** One for each sequence of the largest batch so far. */
    private final List<float[]> rows = new ArrayList<>();

    private final Object inspecting = new Object();
    /** Compiled when it is first asked for. */
    private GptInspection inspection;

    private int users = 1;
    private volatile boolean freed;

    private LoadedModel(
            Torch torch,
            ModelIdentity identity,
            double validationLoss,
            Tokenizer tokenizer,
            NDManager manager,
            GptWeights weights,
            GptDecoder decoder) {
        this.torch = torch;
        this.identity = identity;
        this.validationLoss = validationLoss;
        this.tokenizer = tokenizer;
        this.manager = manager;
        onGpu = manager.getDevice().isGpu();
        this.weights = weights;
        this.decoder = decoder;
    }

    /**
     * Packs weights and runs tokens through them.
     *
     * @param tokenizer awaited once the weights are packed; it becomes this object's, also on failure
     * @param places of the weights in files, which may be deleted once this returns
     * @param caches that may be open at once
     * @throws IllegalArgumentException if tensors are missing, of other shapes, or do not give numbers
     * @throws java.util.concurrent.CompletionException if there is no tokenizer
     */
    public static LoadedModel load(
            Torch torch,
            ModelIdentity identity,
            double validationLoss,
            GptConfig config,
            CompletableFuture<Tokenizer> tokenizer,
            TensorPlaces places,
            int caches) {
        NDManager manager = null;
        GptDecoder decoder = null;
        try {
            manager = torch.newManager();
            Torch.prepareThread();
            GptWeights weights = GptWeights.view(manager, config, places);
            decoder = GptDecoder.compile(manager, weights, torch.format(), caches);
            LoadedModel model =
                    new LoadedModel(torch, identity, validationLoss, tokenizer.join(), manager, weights, decoder);
            model.warmUp();
            return model;
        } catch (RuntimeException | Error e) {
            if (decoder != null) {
                decoder.close();
            }
            if (manager != null) {
                // Weights are in it.
                manager.close();
            }
            tokenizer.thenAccept(Tokenizer::close);
            throw e;
        }
    }

    private void warmUp() {
        try (KvCache cache = newCache()) {
            // A piece of a prompt, then a token: both ways through the network.
            for (int tokens = 2; tokens > 0; tokens--) {
                for (float logit :
                        feed(List.of(new Feed(cache, new long[tokens], true))).get(0)) {
                    if (!Float.isFinite(logit)) {
                        throw new IllegalArgumentException(
                                "the weights give " + logit + " as a logit, not a finite number");
                    }
                }
                cache.truncate(0);
            }
        }
    }

    /**
     * A cache for one request, which closes it before it releases the model. For whoever feeds.
     *
     * @throws IllegalStateException if as many as there may be are open
     */
    public KvCache newCache() {
        return decoder.newCache();
    }

    /** To be called once by the thread that feeds this model and those after it. */
    public void prepareDecoding() {
        torch.prepareDecoding();
    }

    /**
     * Feeds sequences with tokens behind those that their caches hold.
     *
     * @return for each feed that is answered, in their order, the logits of the token that follows, one for each id of the vocabulary;
     *     valid until the next call, and the caller may change them
     */
    public List<float[]> feed(List<Feed> feeds) {
        try (NDManager step = manager.newSubManager()) {
            NDArray logits = decoder.feed(step, feeds);
            int answered = (int) logits.getShape().get(0);
            while (rows.size() < answered) {
                rows.add(new float[config().vocabularySize()]);
            }
            // A view of libtorch's own memory: one copy instead of three.
            FloatBuffer all = JniUtils.getByteBuffer((PtNDArray) logits, true).asFloatBuffer();
            forEachRow(answered, i -> all.get(i * config().vocabularySize(), rows.get(i)));
            return rows.subList(0, answered);
        }
    }

    /**
     * Work on each row of a batch's logits, which takes tens of microseconds: by several threads behind a GPU, where it would be most of a
     * pass, by this one on a CPU, whose other processors multiply.
     *
     * @param work that may run for several rows at once; what it writes is seen afterwards
     */
    public void forEachRow(int rows, IntConsumer work) {
        IntStream all = IntStream.range(0, rows);
        (onGpu && rows >= ROWS_FOR_THREADS ? all.parallel() : all).forEach(work);
    }

    /**
     * How likely each token of a text but the first is after those before it. May be called beside {@link #feed}, one call at a time.
     *
     * @param ids 2 to {@code context} token ids
     * @param top how many of the likeliest tokens are told at each place, at most {@link TokenLogprob#MAX_TOP}
     */
    public List<TokenLogprob> scores(int[] ids, int top) {
        Torch.prepareThread();
        try (NDManager step = manager.newSubManager()) {
            int count = Math.min(top, config().vocabularySize());
            List<TokenScore> scores = inspection().scores(step, weights, longs(ids), count);
            List<TokenLogprob> logprobs = new ArrayList<>();
            for (int i = 0; i < scores.size(); i++) {
                TokenScore score = scores.get(i);
                List<TokenLogprob> likeliest = new ArrayList<>();
                score.top()
                        .forEach((id, logprob) ->
                                likeliest.add(new TokenLogprob(id, logprob, likeliest.size() + 1, List.of())));
                logprobs.add(new TokenLogprob(ids[i + 1], score.logprob(), score.rank(), likeliest));
            }
            return logprobs;
        }
    }

    /**
     * Where every head looks. May be called beside {@link #feed}, one call at a time.
     *
     * @param ids 1 to {@code context} token ids, T
     * @return for each layer and head T x T weights row by row
     */
    public float[][][] attention(int[] ids) {
        Torch.prepareThread();
        try (NDManager step = manager.newSubManager()) {
            return inspection().attention(step, weights, longs(ids));
        }
    }

    /** Not under the lock of {@link #retain}: nobody should wait for the compiler in order to end. */
    private GptInspection inspection() {
        synchronized (inspecting) {
            if (inspection == null) {
                inspection = GptInspection.compile(manager, config(), Precision.FLOAT32);
            }
            return inspection;
        }
    }

    private static long[] longs(int[] ids) {
        return Arrays.stream(ids).asLongStream().toArray();
    }

    /** Counts one more user, unless the model is freed already. */
    public synchronized boolean retain() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    /**
     * Counts one user less; after the last a thread of its own frees the native memory. That takes tens of milliseconds, and whoever generates
     * for others beside the last user should not wait for it.
     */
    public synchronized void release() {
        if (users == 0) {
            throw new IllegalStateException(identity.version() + " was released more often than retained");
        }
        users--;
        if (users == 0) {
            new Thread(this::free, "model-free").start();
        }
    }

    private void free() {
        // Nobody compiles it now: whoever inspects is a user.
        if (inspection != null) {
            inspection.close();
        }
        decoder.close();
        weights.close();
        manager.close();
        tokenizer.close();
        freed = true;
    }

    /** Whether the native memory is free. */
    public boolean isFreed() {
        return freed;
    }

    /** How its matrices are kept. */
    public WeightFormat format() {
        return decoder.format();
    }

    /** What answers name. */
    public ModelIdentity identity() {
        return identity;
    }

    /** The sizes. */
    public GptConfig config() {
        return decoder.config();
    }

    /** Text to ids and back. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Of the checkpoint. */
    public double validationLoss() {
        return validationLoss;
    }

    /** When it was ready. */
    public Instant loadedAt() {
        return loadedAt;
    }
}
