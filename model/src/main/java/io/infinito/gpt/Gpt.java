package io.infinito.gpt;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The network of one configuration compiled for training and evaluation. It holds no weights: they are an argument, and belong to
 * {@link GptWeights}.
 */
public final class Gpt implements AutoCloseable {
    private final GptConfig config;
    private final TorchScript script;

    private Gpt(GptConfig config, TorchScript script) {
        this.config = config;
        this.script = script;
    }

    /** Compiles {@code gpt.torchscript} with {@code train.torchscript} for these sizes. */
    public static Gpt compile(NDManager parent, GptConfig config, Dropout dropout, Precision precision) {
        return compile(parent, config, dropout, 0, precision);
    }

    /**
     * Compiles {@code gpt.torchscript} with {@code train.torchscript} for these sizes.
     *
     * @param labelSmoothing of the training targets (arXiv:1512.00567), over the true vocabulary; at least 0 and less than 1
     */
    public static Gpt compile(
            NDManager parent, GptConfig config, Dropout dropout, double labelSmoothing, Precision precision) {
        Map<String, Object> attributes = attributes(config, dropout, labelSmoothing, precision);
        return new Gpt(
                config, TorchScript.load(parent, "Gpt", List.of("gpt.torchscript", "train.torchscript"), attributes));
    }

    /** What the text declares. */
    static Map<String, Object> attributes(
            GptConfig config, Dropout dropout, double labelSmoothing, Precision precision) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", (long) config.layers());
        attributes.put("heads", (long) config.heads());
        attributes.put("vocabulary", (long) config.vocabularySize());
        attributes.put("tied", config.tiedHead());
        attributes.put("half", precision == Precision.BFLOAT16);
        attributes.put("embedding_dropout", dropout.embedding());
        attributes.put("attention_dropout", dropout.attention());
        attributes.put("residual_dropout", dropout.residual());
        attributes.put("label_smoothing", labelSmoothing);
        return attributes;
    }

    /** The sizes it was compiled for. */
    public GptConfig config() {
        return config;
    }

    /**
     * Rows of logits that exist at once, in training and evaluation. Fewer read the head's weights more often. On a CPU more than 1,024
     * gain nothing; an H200 takes 13 % less for a step of 45M parameters and 64 sequences with 4,096, for 0.9 GiB, and 16 % less with
     * 16,384, for 4.4 GiB.
     */
    static int logitRows(Device device) {
        return device.isGpu() ? 4096 : 1024;
    }

    /** Embeddings and last hidden state of a training batch, with the graph that {@link #bodyGradients} goes back through. */
    NDList trainBody(NDManager owner, GptWeights weights, NDArray idsBT) {
        return script.differentiate(owner, "train_body", weights.arrays(), idsBT);
    }

    /** Gradients of what {@link #trainBody} made. Frees the graph. */
    NDList bodyGradients(
            NDManager owner, GptWeights weights, NDArray embeddings, NDArray hidden, NDArray hiddenGradient) {
        return script.differentiate(owner, "body_gradients", weights.arrays(), embeddings, hidden, hiddenGradient);
    }

    /** Loss of a batch; writes the gradient of the hidden state and adds that of the head, or sets it if {@code fresh}. */
    NDArray headGradients(
            NDManager owner,
            GptWeights weights,
            NDArray hiddenBTC,
            NDArray targetsBT,
            NDArray hiddenGradientBTC,
            NDArray headGradient,
            NDArray buffer,
            boolean fresh) {
        List<NDArray> arrays = weights.arrays();
        return run(
                owner,
                "head_gradients",
                TorchScript.tensor(hiddenBTC),
                TorchScript.tensor(arrays.get(config.tiedHead() ? 0 : arrays.size() - 1)),
                TorchScript.tensor(targetsBT),
                TorchScript.tensor(hiddenGradientBTC),
                TorchScript.tensor(headGradient),
                TorchScript.tensor(buffer),
                IValue.from(fresh));
    }

    /** Adds the gradient of the embeddings of a batch to those of the two tables. */
    void embeddingGradients(NDArray idsBT, NDArray gradientBTC, NDArray tokens, NDArray positions) {
        script.run(
                        "embedding_gradients",
                        TorchScript.tensor(idsBT),
                        TorchScript.tensor(gradientBTC),
                        TorchScript.tensor(tokens),
                        TorchScript.tensor(positions))
                .close();
    }

    /** Sets all to zero, whatever they hold. */
    void zero(List<NDArray> arrays) {
        script.run("zero", TorchScript.list(arrays)).close();
    }

    /** Adds {@code more} to {@code sums}, one by one. */
    void accumulate(List<NDArray> sums, List<NDArray> more) {
        script.run("accumulate", TorchScript.list(sums), TorchScript.list(more)).close();
    }

    /**
     * Summed cross entropy over the true vocabulary without dropout; targets of -100 are left out.
     *
     * @param step owns the result
     * @return a scalar
     */
    public NDArray evaluationLoss(NDManager step, GptWeights weights, NDArray idsBT, NDArray targetsBT) {
        return evaluationLoss(step, weights, idsBT, targetsBT, logitRows(step.getDevice()));
    }

    NDArray evaluationLoss(NDManager step, GptWeights weights, NDArray idsBT, NDArray targetsBT, int chunkRows) {
        return run(
                step,
                "evaluation_loss",
                TorchScript.list(weights.arrays()),
                TorchScript.tensor(idsBT),
                TorchScript.tensor(targetsBT),
                IValue.from((long) chunkRows));
    }

    /**
     * Logits of every position, float32 [B, T, vocabularySize].
     *
     * @param owner owns the result
     */
    public NDArray logits(NDManager owner, GptWeights weights, NDArray idsBT) {
        return run(owner, "logits", TorchScript.list(weights.arrays()), TorchScript.tensor(idsBT));
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
