package io.infinito.infer.sampling;

import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Draws the tokens of one request. The order is that of HuggingFace and vLLM: repetition penalty, temperature, top-k, top-p. Equal
 * seeds give equal tokens for equal logits; of equal logits the lower id counts as the likelier. The vocabulary is never sorted whole.
 * Of use to one thread.
 */
public final class Sampler {
    private final SamplingSettings settings;
    private final SplittableRandom random;
    private final BitSet penalized = new BitSet();

    /** A sampler whose draws depend on {@code seed} alone. */
    public Sampler(SamplingSettings settings, long seed) {
        this.settings = settings;
        this.random = new SplittableRandom(seed);
    }

    /**
     * Chooses the token that follows {@code history}.
     *
     * @param logits one for each id of the vocabulary; the penalty is applied in place
     * @throws IllegalStateException if a logit is not a number: the weights are broken
     */
    public int sample(float[] logits, TokenHistory history) {
        penalizeRepetition(logits, history);
        int likeliest = argMax(logits);
        if (settings.temperature() == 0 || settings.topK() == 1) {
            return likeliest;
        }
        boolean allTokens = settings.topK() == 0 || settings.topK() >= logits.length;
        if (allTokens && settings.topP() >= 1) {
            return drawFromAll(logits, logits[likeliest]);
        }
        Candidates candidates = allTokens ? nucleusCandidates(logits, likeliest) : topK(logits);
        return drawFrom(candidates, logits);
    }

    private void penalizeRepetition(float[] logits, TokenHistory history) {
        float penalty = (float) settings.repetitionPenalty();
        if (penalty == 1) {
            return;
        }
        int window = settings.repetitionWindow() == 0
                ? history.length()
                : Math.min(history.length(), settings.repetitionWindow());
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

    private static int argMax(float[] logits) {
        int best = 0;
        for (int id = 0; id < logits.length; id++) {
            if (Float.isNaN(logits[id])) {
                throw new IllegalStateException("the model gave no number as the logit of token " + id);
            }
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }

    private int drawFromAll(float[] logits, float largest) {
        double sum = 0;
        for (float logit : logits) {
            sum += weight(logit, largest);
        }
        double left = random.nextDouble() * sum;
        int last = 0;
        for (int id = 0; id < logits.length; id++) {
            double weight = weight(logits[id], largest);
            if (weight > 0) {
                last = id;
                left -= weight;
                if (left < 0) {
                    return id;
                }
            }
        }
        // Rounding can leave a crumb.
        return last;
    }

    private Candidates topK(float[] logits) {
        Candidates candidates = Candidates.likeliest(settings.topK(), logits);
        double sum = 0;
        for (int rank = 0; rank < candidates.size(); rank++) {
            sum += weight(logits[candidates.get(rank)], logits[candidates.get(0)]);
        }
        return candidates.withTotal(sum);
    }

    /**
     * With n tokens, those of probability under (1 - p) / n add up to less than 1 - p, so none of them is needed to reach p: they are
     * left out before anything is put in order.
     */
    private Candidates nucleusCandidates(float[] logits, int likeliest) {
        double sum = 0;
        for (float logit : logits) {
            sum += weight(logit, logits[likeliest]);
        }
        double threshold = sum * (1 - settings.topP()) / logits.length;
        int[] ids = new int[logits.length];
        int count = 0;
        for (int id = 0; id < logits.length; id++) {
            if (id == likeliest || weight(logits[id], logits[likeliest]) >= threshold) {
                ids[count++] = id;
            }
        }
        return Candidates.ordered(ids, count, logits).withTotal(sum);
    }

    private int drawFrom(Candidates candidates, float[] logits) {
        float largest = logits[candidates.get(0)];
        double wanted = settings.topP() * candidates.total();
        double mass = 0;
        int kept = 0;
        while (kept < candidates.size() && (kept == 0 || mass < wanted)) {
            mass += weight(logits[candidates.get(kept)], largest);
            kept++;
        }
        double left = random.nextDouble() * mass;
        for (int rank = 0; rank < kept - 1; rank++) {
            left -= weight(logits[candidates.get(rank)], largest);
            if (left < 0) {
                return candidates.get(rank);
            }
        }
        return candidates.get(kept - 1);
    }

    /** Proportional to the probability; 1 for the likeliest. */
    private double weight(float logit, float largest) {
        // A quotient: the inverse of a tiny temperature would be infinite, and infinity times zero is no number.
        return logit == largest ? 1 : Math.exp(((double) logit - largest) / settings.temperature());
    }
}
