package io.infinito.infer.sampling;

/**
 * What makes tokens less likely that were there before.
 *
 * @param repetition over 1 divides positive logits by it and multiplies negative ones, prompt included (arXiv:1909.05858); at most 100
 * @param repetitionWindow tokens back from the end that {@code repetition} looks at, at most 1,000,000; 0: all
 * @param presence taken off the logit of each token that was sampled
 * @param frequency taken off the logit of a token once for each time that it was sampled
 */
public record Penalties(double repetition, int repetitionWindow, double presence, double frequency) {
    /** No penalty. */
    public static final Penalties NONE = new Penalties(1, 64, 0, 0);

    private static final double MAXIMUM = 2;
    /** More would leave nothing of a positive logit anyway. */
    private static final double MAX_REPETITION = 100;
    /** More than any context and answer have. */
    private static final int MAX_WINDOW = 1_000_000;

    /** Checks every value; messages carry the names of the contract. */
    public Penalties {
        SamplingSettings.require(
                repetition > 0 && repetition <= MAX_REPETITION,
                "repetition_penalty",
                repetition,
                "greater than 0 and at most 100");
        SamplingSettings.require(
                repetitionWindow >= 0 && repetitionWindow <= MAX_WINDOW,
                "repetition_window",
                repetitionWindow,
                "from 0 to " + MAX_WINDOW);
        SamplingSettings.require(Math.abs(presence) <= MAXIMUM, "presence_penalty", presence, "from -2 to 2");
        SamplingSettings.require(Math.abs(frequency) <= MAXIMUM, "frequency_penalty", frequency, "from -2 to 2");
    }
}
