package io.infinito.infer.sampling;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What is done to logits before any of them is chosen, in vLLM's order: bias, repetition penalty, frequency and presence penalty. Of use
 * to one thread and one sequence.
 */
final class LogitAdjustment {
    private final Penalties penalties;
    private final int[] biasedIds;
    private final float[] biases;
    private final BitSet penalized = new BitSet();

    /** How often each id was sampled; empty until a penalty asks. */
    private int[] counts = new int[0];
    /** The ids of which {@link #counts} is not 0. */
    private int[] sampled = new int[16];

    private int distinct;
    /** How much of the history is counted. */
    private int counted;

    LogitAdjustment(SamplingSettings settings) {
        penalties = settings.penalties();
        biasedIds = settings.logitBias().keySet().stream()
                .mapToInt(id -> id)
                .sorted()
                .toArray();
        biases = new float[biasedIds.length];
        for (int i = 0; i < biases.length; i++) {
            biases[i] = settings.logitBias().get(biasedIds[i]);
        }
    }

    void apply(float[] logits, TokenHistory history) {
        for (int i = 0; i < biasedIds.length; i++) {
            logits[biasedIds[i]] += biases[i];
        }
        if (penalties.repetition() != 1) {
            penalizeRepetition(logits, history);
        }
        if (penalties.presence() != 0 || penalties.frequency() != 0) {
            count(history, logits.length);
            for (int i = 0; i < distinct; i++) {
                int id = sampled[i];
                logits[id] -= (float) (penalties.frequency() * counts[id] + penalties.presence());
            }
        }
    }

    private void penalizeRepetition(float[] logits, TokenHistory history) {
        float penalty = (float) penalties.repetition();
        int window = penalties.repetitionWindow() == 0
                ? history.length()
                : Math.min(history.length(), penalties.repetitionWindow());
        penalized.clear();
        for (int i = history.length() - window; i < history.length(); i++) {
            int id = history.get(i);
            // Once for each token, however often it occurs.
            if (!penalized.get(id)) {
                penalized.set(id);
                logits[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
            }
        }
    }

    private void count(TokenHistory history, int vocabulary) {
        if (counts.length < vocabulary) {
            counts = Arrays.copyOf(counts, vocabulary);
        }
        for (int i = Math.max(counted, history.promptLength()); i < history.length(); i++) {
            int id = history.get(i);
            if (counts[id]++ == 0) {
                if (distinct == sampled.length) {
                    sampled = Arrays.copyOf(sampled, 2 * distinct);
                }
                sampled[distinct++] = id;
            }
        }
        counted = history.length();
    }
}
