package io.infinito.infer.sampling;

/**
 * e to the power of what is not positive. Plain arithmetic, so that every machine gets the same bits and with them the same tokens, which
 * {@link Math#exp} does not promise; the error is under 1e-12 of the value.
 */
final class Exponential {
    private static final int STEPS = 64;
    private static final int STEP_BITS = 6;
    private static final double STEPS_PER_LN_2 = STEPS / 0.6931471805599453;
    /** ln 2 / 64 in two parts, the first with so few digits that its products with whole numbers are exact. */
    private static final double STEP_HIGH = 0x1.62e42fee00000p-7;

    private static final double STEP_LOW = 0x1.a39ef35793c76p-39;
    /** Less than this is nothing beside 1. */
    private static final double SMALLEST = -700;

    private static final int EXPONENT_BIAS = 1023;
    private static final int MANTISSA_BITS = 52;
    /** 2 to the power of i / 64. */
    private static final double[] POWERS = new double[STEPS];

    static {
        for (int i = 0; i < STEPS; i++) {
            POWERS[i] = StrictMath.pow(2, (double) i / STEPS);
        }
    }

    private Exponential() {}

    /** For {@code x} of at most 0; 0 for what is far below. */
    static double of(double x) {
        if (x < SMALLEST) {
            return 0;
        }
        // x = n ln 2 / 64 + r with |r| <= ln 2 / 128, and a Taylor series for r.
        double steps = Math.rint(x * STEPS_PER_LN_2);
        double r = x - steps * STEP_HIGH - steps * STEP_LOW;
        double series = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24))));
        int n = (int) steps;
        double power = Double.longBitsToDouble((long) ((n >> STEP_BITS) + EXPONENT_BIAS) << MANTISSA_BITS);
        return series * POWERS[n & (STEPS - 1)] * power;
    }
}
