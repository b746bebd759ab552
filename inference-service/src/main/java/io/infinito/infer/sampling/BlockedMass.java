package io.infinito.infer.sampling;

/**
 * The weights of a whole vocabulary, e to the power of (logit - largest) / temperature, added up in blocks of tokens. One pass over the
 * logits gives all sums; a draw then looks at the sums and into one block. Weights come from a table with a parabola between its entries, in
 * single precision and without a branch, which takes a quarter of the time that {@link Exponential} takes. They are good to 3e-6, what a
 * logit's own last bit is worth, and the same on every machine. Of use to one thread.
 */
final class BlockedMass {
    private static final int BLOCK = 128;
    /** Entries of the table for each unit of the exponent. */
    private static final int STEPS = 128;

    private static final float STEP = 1f / STEPS;
    private static final float HALF_STEP_SQUARED = STEP * STEP / 2;
    /** Beyond it a whole vocabulary adds nothing to a sum in single precision. */
    private static final int SMALLEST_EXPONENT = -30;

    private static final float LAST = -SMALLEST_EXPONENT * STEPS;
    /** Added to a number under it, it leaves the nearest whole number in the low bits. */
    private static final float ROUNDING = 1 << 23;

    private static final int INDEX_BITS = (1 << 23) - 1;
    /** e to the power of -i / STEPS; the last one, for all that is less likely, is 0. */
    private static final float[] POWERS = new float[(int) LAST + 1];

    static {
        for (int i = 0; i < POWERS.length - 1; i++) {
            POWERS[i] = (float) StrictMath.exp(-(double) i / STEPS);
        }
    }

    private final float stepsPerLogit;
    private float[] sums = new float[0];
    private int blocks;
    private float largest;
    private double total;

    /** Weights at a temperature over 0. */
    BlockedMass(double temperature) {
        // Not infinite: zero times it has to be zero.
        stepsPerLogit = (float) Math.min(STEPS / temperature, Float.MAX_VALUE);
    }

    /**
     * Adds all weights up.
     *
     * @param largestLogit of {@code logits}, none of which is NaN
     * @return the sum of all weights, in units of the likeliest one's
     */
    double add(float[] logits, float largestLogit) {
        largest = largestLogit;
        blocks = (logits.length + BLOCK - 1) / BLOCK;
        if (sums.length < blocks) {
            sums = new float[blocks];
        }
        total = 0;
        for (int block = 0; block < blocks; block++) {
            sums[block] = sum(logits, block * BLOCK, Math.min(logits.length, (block + 1) * BLOCK));
            total += sums[block];
        }
        return total;
    }

    /** In four sums, so that additions need not wait for each other. */
    private float sum(float[] logits, int start, int end) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int id = start;
        for (; id + 3 < end; id += 4) {
            a += weight(logits[id]);
            b += weight(logits[id + 1]);
            c += weight(logits[id + 2]);
            d += weight(logits[id + 3]);
        }
        for (; id < end; id++) {
            a += weight(logits[id]);
        }
        return a + b + (c + d);
    }

    /** Of one token, in units of the likeliest one's. */
    private float weight(float logit) {
        float steps = (largest - logit) * stepsPerLogit;
        // Also for the NaN of two infinite logits.
        float bounded = steps < LAST ? steps : LAST;
        float rounded = bounded + ROUNDING;
        float rest = rounded - ROUNDING - bounded;
        float power = POWERS[Float.floatToRawIntBits(rounded) & INDEX_BITS];
        return power + power * rest * (STEP + rest * HALF_STEP_SQUARED);
    }

    /**
     * The token at a share of the mass.
     *
     * @param logits that were added up
     * @param share from 0 to 1
     * @return a token whose weight is not 0; -1 if there is none, as with an infinite logit
     */
    int at(float[] logits, double share) {
        double left = share * total;
        int chosen = -1;
        for (int block = 0; block < blocks; block++) {
            if (sums[block] > 0) {
                chosen = block;
                if (left < sums[block]) {
                    break;
                }
                left -= sums[block];
            }
        }
        int last = -1;
        for (int id = chosen * BLOCK; chosen >= 0 && id < Math.min(logits.length, (chosen + 1) * BLOCK); id++) {
            float weight = weight(logits[id]);
            if (weight > 0) {
                last = id;
                left -= weight;
                if (left < 0) {
                    break;
                }
            }
        }
        // Rounding can leave a crumb, which the last one gets.
        return last;
    }
}
