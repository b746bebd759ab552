package io.infinito.train;

/**
 * The learning rate of each optimizer step: linear warmup, then down from the peak to the minimum (cosine as in
 * arXiv:1608.03983, without restarts).
 */
public final class LearningRateSchedule {
    /** How the rate falls after warmup. */
    public enum Shape {
        COSINE,
        LINEAR,
        CONSTANT,
        /** Constant, then down linearly during the last steps (as in arXiv:2405.18392). */
        CONSTANT_WITH_DECAY
    }

    private final TrainingPlan.Rates rates;
    private final int warmupSteps;
    private final int totalSteps;

    /**
     * Spreads the rates over a run.
     *
     * @param totalSteps of the run, at least 1; a warmup that is longer is cut to a tenth of them
     */
    public LearningRateSchedule(TrainingPlan.Rates rates, int totalSteps) {
        this.rates = rates;
        this.totalSteps = totalSteps;
        warmupSteps = rates.warmupSteps() < totalSteps ? rates.warmupSteps() : totalSteps / 10;
    }

    /** The rate of step {@code step}, from 0. */
    public double at(int step) {
        if (step < warmupSteps) {
            return rates.peak() * (step + 1) / warmupSteps;
        }
        double done = Math.min(1, (double) (step - warmupSteps) / Math.max(1, totalSteps - 1 - warmupSteps));
        double decay = rates.decayFraction();
        double share = switch (rates.shape()) {
            case COSINE -> 0.5 * (1 + Math.cos(Math.PI * done));
            case LINEAR -> 1 - done;
            case CONSTANT -> 1;
            case CONSTANT_WITH_DECAY -> Math.min(1, (1 - done) / decay);
        };
        return rates.minimum() + (rates.peak() - rates.minimum()) * share;
    }
}
