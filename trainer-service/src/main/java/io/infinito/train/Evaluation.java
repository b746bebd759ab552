package io.infinito.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/** Mean loss over all of a split on non-overlapping windows of T tokens: each token but the first is predicted exactly once. */
public final class Evaluation {
    /** Targets that cross entropy leaves out. */
    private static final long IGNORED = -100;

    private final TokenFile tokens;
    private final int context;
    private final int batchSize;

    /** @throws IllegalArgumentException if the split is shorter than one sequence and the token that follows it */
    public Evaluation(TokenFile tokens, int context, int batchSize) {
        if (tokens.size() < context + 1L) {
            throw new IllegalArgumentException("the validation split has " + tokens.size()
                    + " tokens, fewer than one sequence of model.context=" + context
                    + " and the token after it; give a longer one, or a larger dataset.split.validationRatio");
        }
        this.tokens = tokens;
        this.context = context;
        this.batchSize = batchSize;
    }

    /**
     * Mean cross entropy, natural logarithm per token.
     *
     * @param stop asked between batches; when it says yes the mean of what was seen so far comes back
     */
    public double meanLoss(NDManager parent, Gpt gpt, GptWeights weights, BooleanSupplier stop) {
        boolean gradMode = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try {
            long predicted = tokens.size() - 1;
            double sum = 0;
            long from = 0;
            while (from < predicted && !stop.getAsBoolean()) {
                int rows = (int) Math.min(batchSize, (predicted - from + context - 1) / context);
                sum += lossOf(parent, gpt, weights, from, rows);
                from += (long) rows * context;
            }
            return sum / Math.min(from, predicted);
        } finally {
            JniUtils.setGradMode(gradMode);
        }
    }

    private double lossOf(NDManager parent, Gpt gpt, GptWeights weights, long from, int rows) {
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
            return loss.getFloat();
        }
    }
}
