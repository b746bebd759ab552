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
    private final boolean randomOffset;
    private final int sequences;

    /** Every epoch cuts the split at the same places. */
    public SequenceOrder(TokenFile tokens, int context, long seed) {
        this(tokens, context, seed, false);
    }

    /**
     * Cuts a split.
     *
     * @param randomOffset whether each epoch begins at another of the first T tokens; the epochs are then equally long, and one
     *     sequence shorter than without where the tokens do not suffice for it behind the last of the beginnings
     * @throws IllegalArgumentException if the split is shorter than one sequence and the token that follows it
     */
    public SequenceOrder(TokenFile tokens, int context, long seed, boolean randomOffset) {
        this.tokens = tokens;
        this.context = context;
        this.seed = seed;
        this.randomOffset = randomOffset;
        long beginnings = randomOffset ? context - 1L : 0;
        if (tokens.size() < context + 1L + beginnings) {
            throw new IllegalArgumentException("the train split has " + tokens.size()
                    + " tokens, fewer than one sequence of model.context=" + context + " and the token after it"
                    + (randomOffset ? " at each offset of training.randomOffset" : ""));
        }
        sequences = Math.toIntExact((tokens.size() - 1 - beginnings) / context);
    }

    /** What is cut. */
    TokenFile tokens() {
        return tokens;
    }

    /** Sequences in an epoch. */
    public int size() {
        return sequences;
    }

    /** Where the sequences of epoch {@code epoch}, from 0, begin, in the order in which they come (Fisher and Yates). */
    public long[] ofEpoch(int epoch) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + epoch);
        long[] order = new long[sequences];
        for (int i = 0; i < sequences; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        int offset = randomOffset ? random.nextInt(context) : 0;
        for (int i = 0; i < sequences; i++) {
            order[i] = order[i] * context + offset;
        }
        return order;
    }

    /**
     * Writes the sequence that begins at {@code from} and the tokens that follow each of its tokens.
     *
     * @param row of the batch that they are written to
     */
    public void copy(long from, long[] ids, long[] targets, int row) {
        int to = row * context;
        for (int t = 0; t < context; t++) {
            ids[to + t] = tokens.get(from + t);
            targets[to + t] = tokens.get(from + t + 1);
        }
    }
}
