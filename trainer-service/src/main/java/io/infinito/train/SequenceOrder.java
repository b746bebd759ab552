package io.infinito.train;

import io.infinito.dataset.TokenFile;
import java.util.SplittableRandom;

/**
 * The training split as non-overlapping sequences of T tokens, in an order of their own each epoch. The order is a function of the
 * seed and the epoch, so a run that goes on in the middle of an epoch needs nothing but the step.
 */
public final class SequenceOrder {
    private final TokenFile tokens;
    private final int context;
    private final long seed;
    private final int sequences;

    /** @throws IllegalArgumentException if the split is shorter than one sequence and the token that follows it */
    public SequenceOrder(TokenFile tokens, int context, long seed) {
        this.tokens = tokens;
        this.context = context;
        this.seed = seed;
        if (tokens.size() < context + 1L) {
            throw new IllegalArgumentException("the train split has " + tokens.size()
                    + " tokens, fewer than one sequence of model.context=" + context + " and the token after it");
        }
        sequences = Math.toIntExact((tokens.size() - 1) / context);
    }

    /** Sequences in an epoch. */
    public int size() {
        return sequences;
    }

    /** Which sequence comes when in epoch {@code epoch}, from 0: a permutation (Fisher and Yates). */
    public int[] ofEpoch(int epoch) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + epoch);
        int[] order = new int[sequences];
        for (int i = 0; i < sequences; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /**
     * Writes sequence {@code sequence} and the tokens that follow each of its tokens.
     *
     * @param row of the batch that they are written to
     */
    public void copy(int sequence, long[] ids, long[] targets, int row) {
        long from = (long) sequence * context;
        int to = row * context;
        for (int t = 0; t < context; t++) {
            ids[to + t] = tokens.get(from + t);
            targets[to + t] = tokens.get(from + t + 1);
        }
    }
}
