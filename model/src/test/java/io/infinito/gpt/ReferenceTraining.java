package io.infinito.gpt;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Training in plain double-precision loops: gradients are differences of losses, so that nothing of a derivation is shared with what is
 * tested, and AdamW is as in arXiv:1711.05101.
 */
final class ReferenceTraining {
    /** Truncation leaves about its square, rounding about 1e-16 divided by it. */
    private static final double DIFFERENCE = 1e-4;

    private final ReferenceGpt gpt;
    private final Map<String, double[]> means = new HashMap<>();
    private final Map<String, double[]> squares = new HashMap<>();
    private int steps;

    ReferenceTraining(ReferenceGpt gpt) {
        this.gpt = gpt;
    }

    /** Of the mean loss of one batch, by name. */
    Map<String, double[]> gradients(int[][] ids, int[][] targets, double smoothing) {
        Map<String, double[]> gradients = new LinkedHashMap<>();
        gpt.weights().forEach((name, weights) -> {
            double[] gradient = new double[weights.length];
            for (int i = 0; i < weights.length; i++) {
                double weight = weights[i];
                weights[i] = weight + DIFFERENCE;
                double above = gpt.loss(ids, targets, smoothing);
                weights[i] = weight - DIFFERENCE;
                double below = gpt.loss(ids, targets, smoothing);
                weights[i] = weight;
                gradient[i] = (above - below) / (2 * DIFFERENCE);
            }
            gradients.put(name, gradient);
        });
        return gradients;
    }

    /** Global norm. */
    static double norm(Map<String, double[]> gradients) {
        double sum = 0;
        for (double[] gradient : gradients.values()) {
            for (double g : gradient) {
                sum += g * g;
            }
        }
        return Math.sqrt(sum);
    }

    /** One AdamW step. */
    void step(Map<String, double[]> gradients, AdamW.Settings settings, double rate) {
        steps++;
        double norm = norm(gradients);
        double scale = settings.clipNorm() > 0 && norm > settings.clipNorm() ? settings.clipNorm() / norm : 1;
        gpt.weights().forEach((name, weights) -> {
            boolean matrix = !name.endsWith(".bias") && !name.contains("ln_");
            double[] mean = means.computeIfAbsent(name, n -> new double[weights.length]);
            double[] square = squares.computeIfAbsent(name, n -> new double[weights.length]);
            for (int i = 0; i < weights.length; i++) {
                double g = gradients.get(name)[i] * scale;
                mean[i] = settings.beta1() * mean[i] + (1 - settings.beta1()) * g;
                square[i] = settings.beta2() * square[i] + (1 - settings.beta2()) * g * g;
                double meanHat = mean[i] / (1 - Math.pow(settings.beta1(), steps));
                double squareHat = square[i] / (1 - Math.pow(settings.beta2(), steps));
                double decay = matrix ? rate * settings.weightDecay() * weights[i] : 0;
                weights[i] -= decay + rate * meanHat / (Math.sqrt(squareHat) + settings.epsilon());
            }
        });
    }
}
