package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.LinkedHashMap;
import java.util.Map;

/** The compiled network of one configuration. It holds no weights: they are an argument, and belong to {@link GptWeights}. */
public final class Gpt implements AutoCloseable {
    private final GptConfig config;
    private final TorchScript script;

    private Gpt(GptConfig config, TorchScript script) {
        this.config = config;
        this.script = script;
    }

    /** Compiles {@code gpt.torchscript} for these sizes. */
    public static Gpt compile(NDManager parent, GptConfig config, Dropout dropout, Precision precision) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", (long) config.layers());
        attributes.put("heads", (long) config.heads());
        attributes.put("vocabulary", (long) config.vocabularySize());
        attributes.put("tied", config.tiedHead());
        attributes.put("half", precision == Precision.BFLOAT16);
        attributes.put("embedding_dropout", dropout.embedding());
        attributes.put("attention_dropout", dropout.attention());
        attributes.put("residual_dropout", dropout.residual());
        return new Gpt(config, TorchScript.load(parent, "Gpt", "gpt.torchscript", attributes));
    }

    /** The sizes it was compiled for. */
    public GptConfig config() {
        return config;
    }

    /**
     * Mean cross entropy of a batch with dropout, ready for {@link GptWeights#backward}.
     *
     * @param step owns the result
     * @param idsBT token ids, int64 [B, T]
     * @param targetsBT the token that follows each, int64 [B, T]
     * @return a scalar that autograd can go back from
     */
    public NDArray trainLoss(NDManager step, GptWeights weights, NDArray idsBT, NDArray targetsBT) {
        return script.differentiate(step, "train_loss", weights.arrays(), idsBT, targetsBT);
    }

    /**
     * Summed cross entropy over the true vocabulary without dropout; targets of -100 are left out.
     *
     * @param step owns the result
     * @return a scalar
     */
    public NDArray evaluationLoss(NDManager step, GptWeights weights, NDArray idsBT, NDArray targetsBT) {
        return run(
                step,
                "evaluation_loss",
                TorchScript.list(weights.arrays()),
                TorchScript.tensor(idsBT),
                TorchScript.tensor(targetsBT));
    }

    /**
     * Logits of every position, float32 [B, T, vocabularySize].
     *
     * @param owner owns the result
     */
    public NDArray logits(NDManager owner, GptWeights weights, NDArray idsBT) {
        return run(owner, "logits", TorchScript.list(weights.arrays()), TorchScript.tensor(idsBT));
    }

    /**
     * Feeds tokens behind those that the cache holds, and keeps them there.
     *
     * @param owner owns the result
     * @param ids 1 to {@code cache.capacity() - cache.length()} token ids
     * @return logits of the token that follows the last, float32 [vocabularySize]
     * @throws IllegalArgumentException if there are no ids, or more than the cache has room for
     */
    public NDArray extend(NDManager owner, GptWeights weights, KvCache cache, long[] ids) {
        int start = cache.advance(ids.length);
        NDArray idsBT = owner.create(ids, new ai.djl.ndarray.types.Shape(1, ids.length));
        return run(
                owner,
                "extend",
                TorchScript.list(weights.arrays()),
                TorchScript.list(cache.keys()),
                TorchScript.list(cache.values()),
                TorchScript.tensor(idsBT),
                IValue.from((long) start));
    }

    private PtNDArray run(NDManager owner, String method, IValue... arguments) {
        try (IValue result = script.run(method, arguments)) {
            return result.toTensor((PtNDManager) owner);
        }
    }

    @Override
    public void close() {
        script.close();
    }
}
