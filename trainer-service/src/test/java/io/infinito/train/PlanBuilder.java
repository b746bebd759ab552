package io.infinito.train;

import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.train.LearningRateSchedule.Shape;
import io.infinito.train.TrainingPlan.Guard;
import io.infinito.train.TrainingPlan.Noise;
import io.infinito.train.TrainingPlan.Rates;
import io.infinito.train.TrainingPlan.Samples;
import io.infinito.train.TrainingPlan.Sizes;

/** Plans for tests: a tiny network with dropout, and what a test says about the rest. */
final class PlanBuilder {
    static final Sizes SIZES = new Sizes(2, 16, 2, 16, true);

    int epochs = 3;
    int maxSteps;
    Rates rates = new Rates(Shape.COSINE, 0.01, 0.001, 3, 0.2);
    double weightDecay = 0.1;
    int patience;
    int checkpointEverySteps;
    Noise noise = Noise.NONE;
    double emaDecay;
    int evaluateEverySteps;
    Guard guard = Guard.STOP;

    /** The plan: batches of 4, two of them a step. */
    TrainingPlan build() {
        return new TrainingPlan(
                SIZES,
                epochs,
                maxSteps,
                4,
                2,
                rates,
                new AdamW.Settings(0.9, 0.95, 1e-8, weightDecay, 1),
                new Dropout(0.1, 0.1, 0.1),
                7,
                patience,
                checkpointEverySteps,
                0,
                noise,
                emaDecay,
                evaluateEverySteps,
                guard,
                Samples.NONE);
    }
}
