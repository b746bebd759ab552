package io.infinito.infer.sampling;

import java.util.Map;

/**
 * How the next token is chosen.
 *
 * @param temperature logits are divided by it, at most 100; 0 is greedy
 * @param topK keep so many of the likeliest tokens, at most 1,000,000; 0: all
 * @param topP keep the likeliest tokens whose probabilities, among those that are left, add up to it
 * @param minP keep tokens of at least this share of the likeliest one's probability (arXiv:2407.01082); 0: all
 * @param typicalP keep the tokens whose surprise is nearest to the expected one until they add up to it (arXiv:2202.00666); 1: all
 * @param penalties of what was there before
 * @param logitBias added to the logits of these ids
 */
public record SamplingSettings(
        double temperature,
        int topK,
        double topP,
        double minP,
        double typicalP,
        Penalties penalties,
        Map<Integer, Float> logitBias) {
    /** More biases are refused. */
    public static final int MAX_LOGIT_BIASES = 1024;

    /** What a request gets that says nothing, as the contract states it. */
    public static final SamplingSettings DEFAULTS = new SamplingSettings(0.8, 50, 1.0, 1.0, 64);

    private static final float MAX_LOGIT_BIAS = 100;
    /** More would make every token as likely as any other anyway. */
    private static final double MAX_TEMPERATURE = 100;
    /** More than any vocabulary has. */
    private static final int MAX_TOP_K = 1_000_000;

    /** Checks every value; messages carry the names of the contract. */
    public SamplingSettings {
        // Written so that NaN fails too.
        require(temperature >= 0 && temperature <= MAX_TEMPERATURE, "temperature", temperature, "from 0 to 100");
        require(topK >= 0 && topK <= MAX_TOP_K, "top_k", topK, "from 0 to " + MAX_TOP_K);
        require(topP > 0 && topP <= 1, "top_p", topP, "greater than 0 and at most 1");
        require(minP >= 0 && minP <= 1, "min_p", minP, "from 0 to 1");
        require(typicalP > 0 && typicalP <= 1, "typical_p", typicalP, "greater than 0 and at most 1");
        if (logitBias.size() > MAX_LOGIT_BIASES) {
            throw new IllegalArgumentException("sampling.logit_bias has " + logitBias.size() + " entries, at most "
                    + MAX_LOGIT_BIASES + " are allowed");
        }
        logitBias.forEach((id, bias) -> require(
                Math.abs(bias) <= MAX_LOGIT_BIAS,
                "logit_bias[" + Integer.toUnsignedString(id) + "]",
                bias,
                "from -100 to 100"));
        logitBias = Map.copyOf(logitBias);
    }

    /** Settings without what is rarely wanted. */
    public SamplingSettings(double temperature, int topK, double topP, double repetitionPenalty, int repetitionWindow) {
        this(temperature, topK, topP, 0, 1, new Penalties(repetitionPenalty, repetitionWindow, 0, 0), Map.of());
    }

    static void require(boolean holds, String name, Number value, String expected) {
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
