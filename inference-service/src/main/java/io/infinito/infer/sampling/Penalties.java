package io.infinito.infer.sampling;

/**
 * What makes tokens less likely that were there before.
 *
 * @param repetition over 1 divides positive logits by it and multiplies negative ones, prompt included (arXiv:1909.05858)
 * @param repetitionWindow tokens back from the end that {@code repetition} looks at; 0: all
 * @param presence taken off the logit of each token that was sampled
 * @param frequency taken off the logit of a token once for each time that it was sampled
 */
public record Penalties(double repetition, int repetitionWindow, double presence, double frequency) {
    /** No penalty. */
    public static final Penalties NONE = new Penalties(1, 64, 0, 0);

    private static final double MAXIMUM = 2;

    /** Checks every value; messages carry the names of the contract. */
    public Penalties {
        SamplingSettings.require(
                repetition > 0 && Double.isFinite(repetition),
                "repetition_penalty",
                repetition,
                "greater than 0 and finite");
        SamplingSettings.require(repetitionWindow >= 0, "repetition_window", repetitionWindow, "at least 0");
        SamplingSettings.require(Math.abs(presence) <= MAXIMUM, "presence_penalty", presence, "from -2 to 2");
        SamplingSettings.require(Math.abs(frequency) <= MAXIMUM, "frequency_penalty", frequency, "from -2 to 2");
    }
}
