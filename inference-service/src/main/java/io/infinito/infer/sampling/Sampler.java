package io.infinito.infer.sampling;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws the tokens of one sequence. The order is that of vLLM: bias, repetition, frequency and presence penalty, temperature, min-p,
 * top-k, top-p; then typical-p, where HuggingFace has it. Equal seeds give equal tokens for equal logits, on every machine; of equal
 * logits the lower id counts as the likelier. The vocabulary is never sorted whole, and without typical-p nothing is
 * allocated once the buffers have grown.
 * Of use to one thread.
 */
public final class Sampler {
    /** A whole vocabulary of less likely tokens adds nothing to a sum of doubles. */
    private static final double SMALLEST_EXPONENT = -50;

    private final SamplingSettings settings;
    private final double inverseTemperature;
    /** Under it a token need not be weighed. */
    private final double smallestExponent;

    private final LogitAdjustment adjustment;
    private final BlockedMass mass;
    private final SplittableRandom random;
    private final Candidates candidates = new Candidates();

    /** Ids that are left, with weights proportional to their probabilities; 1 is that of the likeliest. */
    private int[] ids = new int[0];

    private double[] weights = new double[0];
    private int kept;
    private double total;
    private float[] keys = new float[0];

    /** A sampler whose draws depend on {@code seed} alone. */
    public Sampler(SamplingSettings settings, long seed) {
        this.settings = settings;
        this.inverseTemperature = 1 / settings.temperature();
        // A little less than what min-p allows: whoever is near is weighed.
        this.smallestExponent = Math.max(
                SMALLEST_EXPONENT, settings.minP() > 0 ? StrictMath.log(settings.minP()) - 1e-9 : SMALLEST_EXPONENT);
        this.adjustment = new LogitAdjustment(settings);
        this.mass = new BlockedMass(settings.temperature());
        this.random = new SplittableRandom(seed);
    }

    /**
     * Chooses the token that follows {@code history}.
     *
     * @param logits one for each id of the vocabulary; bias and penalties are applied in place
     * @throws IllegalStateException if a logit is not a number: the weights are broken
     */
    public int sample(float[] logits, TokenHistory history) {
        adjustment.apply(logits, history);
        if (settings.temperature() == 0 || settings.topK() == 1) {
            return Candidates.argMax(logits);
        }
        if (settings.topK() > 0 && settings.topK() < logits.length) {
            keepLikeliest(logits);
            keepNucleus();
        } else {
            int likeliest = Candidates.argMax(logits);
            float largest = logits[likeliest];
            if (settings.minP() > 0 || settings.typicalP() < 1) {
                keepAll(logits, largest);
                if (settings.topP() < 1) {
                    keepNucleusOfAll(logits, largest, total);
                }
            } else if (settings.topP() < 1) {
                keepNucleusOfAll(logits, largest, mass.add(logits, largest));
            } else {
                mass.add(logits, largest);
                int id = mass.at(logits, random.nextDouble());
                return id < 0 ? likeliest : id;
            }
        }
        if (settings.typicalP() < 1) {
            keepTypical();
        }
        return draw();
    }

    /** Every id that min-p allows, in the order of the ids. */
    private void keepAll(float[] logits, float largest) {
        reserve(logits.length);
        float least = least(largest, smallestExponent);
        kept = 0;
        total = 0;
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] >= least) {
                double weight = weight(logits[id], largest);
                if (weight > 0 && weight >= settings.minP()) {
                    ids[kept] = id;
                    weights[kept++] = weight;
                    total += weight;
                }
            }
        }
    }

    /**
     * With n tokens, those of probability under (1 - p) / n add up to less than 1 - p, so none of them is needed to reach p: they are
     * left out before anything is put in order.
     *
     * @param all the weight of every token that is left
     */
    private void keepNucleusOfAll(float[] logits, float largest, double all) {
        double threshold = all * (1 - settings.topP()) / logits.length;
        float least = least(largest, Math.max(StrictMath.log(threshold), smallestExponent));
        reserve(logits.length);
        candidates.clear(logits.length, logits);
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] >= least) {
                candidates.add(id);
            }
        }
        candidates.heapify();
        double wanted = settings.topP() * all;
        kept = 0;
        total = 0;
        while (candidates.size() > 0 && (kept == 0 || total < wanted)) {
            int id = candidates.poll();
            double weight = weight(logits[id], largest);
            if (kept > 0 && (weight == 0 || weight < settings.minP())) {
                break;
            }
            ids[kept] = id;
            weights[kept++] = weight;
            total += weight;
        }
    }

    /** A logit that is surely not more likely than the exponent says: the exact one follows for whoever is not below. */
    private float least(float largest, double exponent) {
        float logit = (float) (largest + exponent / inverseTemperature);
        return Math.nextDown(Math.nextDown(logit));
    }

    /** The top-k that min-p allows, the likeliest first. */
    private void keepLikeliest(float[] logits) {
        int k = settings.topK();
        reserve(k);
        candidates.likeliest(k, logits);
        float largest = logits[candidates.get(0)];
        kept = 0;
        total = 0;
        while (kept < k) {
            int id = candidates.get(kept);
            double weight = weight(logits[id], largest);
            if (kept > 0 && weight < settings.minP()) {
                break;
            }
            ids[kept] = id;
            weights[kept++] = weight;
            total += weight;
        }
    }

    private void keepNucleus() {
        double wanted = settings.topP() * total;
        double mass = 0;
        int nucleus = 0;
        while (nucleus < kept && (nucleus == 0 || mass < wanted)) {
            mass += weights[nucleus++];
        }
        kept = nucleus;
        total = mass;
    }

    /** Those whose surprise is nearest to the entropy of what is left. */
    private void keepTypical() {
        // Copied, because the kept ones are written over the others.
        int[] allIds = Arrays.copyOf(ids, kept);
        double[] all = Arrays.copyOf(weights, kept);
        double entropy = 0;
        for (double weight : all) {
            double p = weight / total;
            entropy -= p > 0 ? p * StrictMath.log(p) : 0;
        }
        if (keys.length < all.length) {
            keys = new float[all.length];
        }
        candidates.clear(all.length, keys);
        for (int i = 0; i < all.length; i++) {
            keys[i] = (float) -Math.abs(-StrictMath.log(all[i] / total) - entropy);
            candidates.add(i);
        }
        candidates.heapify();
        double wanted = settings.typicalP() * total;
        kept = 0;
        total = 0;
        while (candidates.size() > 0 && (kept == 0 || total < wanted)) {
            int i = candidates.poll();
            ids[kept] = allIds[i];
            weights[kept] = all[i];
            total += weights[kept++];
        }
    }

    private int draw() {
        double left = random.nextDouble() * total;
        for (int i = 0; i < kept - 1; i++) {
            left -= weights[i];
            if (left < 0) {
                return ids[i];
            }
        }
        // Rounding can leave a crumb.
        return ids[kept - 1];
    }

    private void reserve(int capacity) {
        if (ids.length < capacity) {
            ids = new int[capacity];
            weights = new double[capacity];
        }
    }

    /** Proportional to the probability; 1 for the likeliest. */
    private double weight(float logit, float largest) {
        // Zero times the infinite inverse of a tiny temperature would be no number.
        if (logit == largest) {
            return 1;
        }
        double exponent = ((double) logit - largest) * inverseTemperature;
        return exponent < smallestExponent ? 0 : Exponential.of(exponent);
    }
}
