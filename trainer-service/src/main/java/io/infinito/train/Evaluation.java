package io.infinito.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/** The loss over all of a split on non-overlapping windows of T tokens: each token but the first is predicted exactly once. */
public final class Evaluation {
    /** Targets that cross entropy leaves out. */
    private static final long IGNORED = -100;

    /**
     * A split and what its text is made of.
     *
     * @param name train, validation or test
     * @param tokens of it
     * @param words runs of its text without whitespace; 0: not known
     * @param bytes of its text in UTF-8; 0: not known
     */
    public record Split(String name, TokenFile tokens, long words, long bytes) {}

    /**
     * How well a split is predicted.
     *
     * @param loss mean, natural logarithm per token
     * @param wordPerplexity exp of the summed loss over the words; 0 where they are not known
     * @param bitsPerByte summed loss in bits over the bytes; 0 where they are not known
     * @param tokens that were predicted
     */
    public record Result(double loss, double wordPerplexity, double bitsPerByte, long tokens) {
        /** exp of the loss. */
        public double perplexity() {
            return Math.exp(loss);
        }
    }

    private final Split split;
    private final TokenFile tokens;
    private final int context;
    private final int batchSize;

    /** @throws IllegalArgumentException if the split is shorter than one sequence and the token that follows it */
    public Evaluation(Split split, int context, int batchSize) {
        this.split = split;
        tokens = split.tokens();
        if (tokens.size() < context + 1L) {
            throw new IllegalArgumentException("the " + split.name() + " split has " + tokens.size()
                    + " tokens, fewer than one sequence of model.context=" + context
                    + " and the token after it; give a longer one, or a larger dataset.split." + split.name()
                    + "Ratio");
        }
        this.context = context;
        this.batchSize = batchSize;
    }

    /**
     * Measures.
     *
     * @param stop asked between batches; when it says yes the result of what was seen so far comes back
     */
    public Result measure(NDManager parent, Gpt gpt, GptWeights weights, BooleanSupplier stop) {
        boolean gradMode = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try {
            long predicted = tokens.size() - 1;
            double sum;
            long from = 0;
            // Added up on the device: the host reads once, at the end.
            try (NDManager owner = parent.newSubManager()) {
                NDArray total = owner.zeros(new Shape(), DataType.FLOAT64);
                while (from < predicted && !stop.getAsBoolean()) {
                    int rows = (int) Math.min(batchSize, (predicted - from + context - 1) / context);
                    addLoss(total, parent, gpt, weights, from, rows);
                    from += (long) rows * context;
                }
                sum = total.getDouble();
            }
            long counted = Math.min(from, predicted);
            return new Result(
                    sum / counted,
                    split.words() > 0 ? Math.exp(sum / split.words()) : 0,
                    split.bytes() > 0 ? sum / Math.log(2) / split.bytes() : 0,
                    counted);
        } finally {
            JniUtils.setGradMode(gradMode);
        }
    }

    private void addLoss(NDArray total, NDManager parent, Gpt gpt, GptWeights weights, long from, int rows) {
        long[] ids = new long[rows * context];
        long[] targets = new long[rows * context];
        Arrays.fill(targets, IGNORED);
        int count = (int) Math.min(ids.length, tokens.size() - 1 - from);
        for (int i = 0; i < count; i++) {
            ids[i] = tokens.get(from + i);
            targets[i] = tokens.get(from + i + 1);
        }
        try (NDManager step = parent.newSubManager()) {
            Shape shape = new Shape(rows, context);
            NDArray loss = gpt.evaluationLoss(step, weights, step.create(ids, shape), step.create(targets, shape));
            total.addi(loss.toType(DataType.FLOAT64, false));
        }
    }
}
