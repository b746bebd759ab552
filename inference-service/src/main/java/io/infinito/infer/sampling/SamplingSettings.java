package io.infinito.infer.sampling;

/**
 * How the next token is chosen.
 *
 * @param temperature logits are divided by it; 0 is greedy
 * @param topK keep so many of the likeliest tokens; 0: all
 * @param topP keep the likeliest tokens whose probabilities, among those that topK left, add up to it
 * @param repetitionPenalty over 1 makes the tokens of the window less likely (arXiv:1909.05858)
 * @param repetitionWindow tokens back from the end, prompt included, that the penalty looks at; 0: all
 */
public record SamplingSettings(
        double temperature, int topK, double topP, double repetitionPenalty, int repetitionWindow) {
    /** What a request gets that says nothing, as the contract states it. */
    public static final SamplingSettings DEFAULTS = new SamplingSettings(0.8, 50, 1.0, 1.0, 64);

    /** Checks every value; messages carry the names of the contract. */
    public SamplingSettings {
        // Written so that NaN fails too.
        require(temperature >= 0 && Double.isFinite(temperature), "temperature", temperature, "at least 0 and finite");
        require(topK >= 0, "top_k", topK, "at least 0");
        require(topP > 0 && topP <= 1, "top_p", topP, "greater than 0 and at most 1");
        require(
                repetitionPenalty > 0 && Double.isFinite(repetitionPenalty),
                "repetition_penalty",
                repetitionPenalty,
                "greater than 0 and finite");
        require(repetitionWindow >= 0, "repetition_window", repetitionWindow, "at least 0");
    }

    private static void require(boolean holds, String name, Number value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("sampling." + name + "=" + plain(value) + " must be " + expected);
        }
    }

    /** 0 rather than 0.0, as callers write it. */
    private static String plain(Number value) {
        String text = String.valueOf(value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
