package io.infinito.infer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptInspection;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.KvCache;
import io.infinito.gpt.Precision;
import io.infinito.gpt.TokenScore;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.safetensors.SafeTensors;
import io.infinito.tokenizer.Tokenizer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One version of a model in native memory. It is counted who uses it: the creator at first, then everyone whose {@link #retain}
 * succeeded; the last {@link #release} frees it. Only one thread at a time may {@link #extend}.
 */
public final class LoadedModel {
    private final ModelIdentity identity;
    private final double validationLoss;
    private final Instant loadedAt = Instant.now();
    private final Tokenizer tokenizer;
    private final int longestTokenBytes;
    private final NDManager manager;
    private final Gpt gpt;
    private final GptWeights weights;
    private final float[] logits;
    /** Compiled when it is first asked for. */
    private GptInspection inspection;

    private int users = 1;

    private LoadedModel(
            ModelIdentity identity,
            double validationLoss,
            Tokenizer tokenizer,
            NDManager manager,
            Gpt gpt,
            GptWeights weights) {
        this.identity = identity;
        this.validationLoss = validationLoss;
        this.tokenizer = tokenizer;
        this.longestTokenBytes = longestToken(tokenizer);
        this.manager = manager;
        this.gpt = gpt;
        this.weights = weights;
        this.logits = new float[gpt.config().vocabularySize()];
    }

    /**
     * Loads weights and runs one token through them. The tokenizer becomes this object's, also on failure.
     *
     * @throws IllegalArgumentException if tensors are missing, of other shapes, or do not give numbers
     */
    static LoadedModel load(
            Torch torch,
            ModelIdentity identity,
            double validationLoss,
            GptConfig config,
            Tokenizer tokenizer,
            SafeTensors file) {
        NDManager manager = null;
        try {
            manager = torch.newManager();
            Torch.prepareThread();
            GptWeights weights = GptWeights.load(manager, config, file);
            Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
            LoadedModel model = new LoadedModel(identity, validationLoss, tokenizer, manager, gpt, weights);
            model.warmUp();
            return model;
        } catch (RuntimeException | Error e) {
            if (manager != null) {
                // Weights and network are in it.
                manager.close();
            }
            tokenizer.close();
            throw e;
        }
    }

    private void warmUp() {
        try (KvCache cache = newCache()) {
            for (float logit : extend(cache, new long[] {0})) {
                if (!Float.isFinite(logit)) {
                    throw new IllegalArgumentException(
                            "the weights give " + logit + " as a logit, not a finite number");
                }
            }
        }
    }

    /** A cache for one request, which closes it before it releases the model. */
    public KvCache newCache() {
        return new KvCache(manager, gpt.config());
    }

    /**
     * Feeds tokens behind those that the cache holds.
     *
     * @param ids at most as many as the cache has room for
     * @return logits of the token that follows, valid until the next call; the caller may change them
     */
    public float[] extend(KvCache cache, long[] ids) {
        try (NDManager step = manager.newSubManager()) {
            NDArray next = gpt.extend(step, weights, cache, ids);
            // On the CPU a view of libtorch's own memory: one copy instead of three.
            JniUtils.getByteBuffer((PtNDArray) next, true).asFloatBuffer().get(logits);
        }
        return logits;
    }

    /**
     * How likely each token of a text but the first is after those before it. May be called beside {@link #extend}, one call at a time.
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
     * Where every head looks. May be called beside {@link #extend}, one call at a time.
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

    private synchronized GptInspection inspection() {
        if (inspection == null) {
            inspection = GptInspection.compile(manager, gpt.config(), Precision.FLOAT32);
        }
        return inspection;
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

    /** Counts one user less; after the last the native memory is free. */
    public synchronized void release() {
        if (users == 0) {
            throw new IllegalStateException(identity.version() + " was released more often than retained");
        }
        users--;
        if (users == 0) {
            if (inspection != null) {
                inspection.close();
            }
            gpt.close();
            weights.close();
            manager.close();
            tokenizer.close();
        }
    }

    /** Whether the native memory is free. */
    public synchronized boolean isFreed() {
        return users == 0;
    }

    /** What answers name. */
    public ModelIdentity identity() {
        return identity;
    }

    /** The sizes. */
    public GptConfig config() {
        return gpt.config();
    }

    /** Text to ids and back. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** No token stands for more bytes: a text has at least its length divided by this many tokens. */
    public int longestTokenBytes() {
        return longestTokenBytes;
    }

    /** Of the checkpoint. */
    public double validationLoss() {
        return validationLoss;
    }

    /** When it was ready. */
    public Instant loadedAt() {
        return loadedAt;
    }

    private static int longestToken(Tokenizer tokenizer) {
        int longest = 1;
        for (int id = 0; id < tokenizer.vocabularySize(); id++) {
            if (tokenizer.contains(id)) {
                longest = Math.max(longest, tokenizer.bytes(id).length);
            }
        }
        return longest;
    }
}
