package io.infinito.train;

import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.AdamW;

/** Decides which gradient norms are accepted, from the norms before. */
final class GradientGuard {
    /** Weight of the newest norm in the running mean. */
    private static final double SMOOTHING = 0.05;
    /** The first norms of a run fall fast; nothing is compared with their mean. */
    private static final int UPDATES_BEFORE_COMPARING = 20;
    /** So many updates in a row that were left out are no spike any more. */
    static final int MOST_SKIPPED_IN_A_ROW = 50;

    private final TrainingPlan.Guard plan;

    GradientGuard(TrainingPlan.Guard plan) {
        this.plan = plan;
    }

    /** The largest norm that the next step may have. */
    double limit(TrainerState state) {
        return plan.spikeFactor() == 0 || state.updates() < UPDATES_BEFORE_COMPARING
                ? AdamW.ANY_NORM
                : plan.spikeFactor() * state.guard().normMean();
    }

    /**
     * What is known after a step.
     *
     * @throws TrainingLoop.DivergedException if the step was refused and the run must not go on
     */
    TrainerState.Guard after(TrainerState state, double loss, double norm, double limit) {
        TrainerState.Guard seen = state.guard();
        if (norm <= limit) {
            if (!Double.isFinite(loss)) {
                throw TrainingLoop.DivergedException.ofLoss(state.step() + 1, loss);
            }
            return new TrainerState.Guard(mean(seen, norm), seen.skippedSteps(), 0);
        }
        if (!plan.skip() || seen.skippedInARow() + 1 >= MOST_SKIPPED_IN_A_ROW) {
            throw Double.isFinite(norm)
                    ? TrainingLoop.DivergedException.ofNorm(state.step() + 1, norm, seen.normMean(), plan.spikeFactor())
                    : TrainingLoop.DivergedException.ofLoss(state.step() + 1, loss);
        }
        // The mean follows a spike up to the limit, so that gradients which stay large are accepted in the end.
        double newMean = Double.isFinite(norm) ? mean(seen, limit) : seen.normMean();
        return new TrainerState.Guard(newMean, seen.skippedSteps() + 1, seen.skippedInARow() + 1);
    }

    private static double mean(TrainerState.Guard seen, double norm) {
        return seen.normMean() == 0 ? norm : seen.normMean() + SMOOTHING * (norm - seen.normMean());
    }
}
