package io.infinito.infer.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.KvCache;
import io.infinito.gpt.Precision;
import io.infinito.safetensors.SafeTensors;
import io.infinito.tokenizer.Tokenizer;
import java.time.Instant;

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
