package io.infinito.train;

import io.infinito.dataset.TokenFile;
import java.util.SplittableRandom;

/**
 * Replaces input tokens by tokens from random places of the training split, so by frequent tokens more often (unigram noise of
 * arXiv:1703.02573). What is replaced is a function of the seed, the step and the micro-batch.
 */
public final class TokenDropout {
    private static final long STEP_FACTOR = 0xBF58476D1CE4E5B9L;
    private static final long MICRO_BATCH_FACTOR = 0x94D049BB133111EBL;

    private final TokenFile tokens;
    private final double probability;
    private final long seed;

    /**
     * Noise for one run.
     *
     * @param tokens of the training split
     * @param probability of each token to be replaced; 0: nothing ever is
     */
    public TokenDropout(TokenFile tokens, double probability, long seed) {
        this.tokens = tokens;
        this.probability = probability;
        this.seed = seed;
    }

    /** Whether every token stays what it is. */
    boolean changesNothing() {
        return probability == 0;
    }

    /**
     * Replaces some of {@code ids}.
     *
     * @param step optimizer steps done before
     * @param microBatch of the step, from 0
     */
    public void apply(long[] ids, int step, int microBatch) {
        if (probability == 0) {
            return;
        }
        SplittableRandom random =
                new SplittableRandom(~seed + step * STEP_FACTOR + (microBatch + 1) * MICRO_BATCH_FACTOR);
        for (int i = 0; i < ids.length; i++) {
            if (random.nextDouble() < probability) {
                ids[i] = tokens.get(random.nextLong(tokens.size()));
            }
        }
    }
}
