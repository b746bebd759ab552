package io.infinito.train;

import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.GptConfig;

/**
 * Everything that decides a run's numbers, with every default filled in.
 *
 * @param sizes of the network, but for the vocabulary, which the dataset brings
 * @param epochs passes over the training split, at least 1
 * @param maxSteps optimizer steps after which the run ends; 0: no bound
 * @param batchSize sequences in a forward pass, B
 * @param accumulationSteps forward passes in an optimizer step
 * @param schedule of the learning rate
 * @param optimizer of AdamW
 * @param dropout probabilities
 * @param seed of the initial weights, the order of sequences and dropout
 * @param patience epochs without gain after which the run ends; 0: never
 * @param checkpointEverySteps checkpoints inside epochs; 0: none
 * @param keepCheckpoints that stay besides the best and the last
 */
public record TrainingPlan(
        Sizes sizes,
        int epochs,
        int maxSteps,
        int batchSize,
        int accumulationSteps,
        Rates schedule,
        AdamW.Settings optimizer,
        Dropout dropout,
        long seed,
        int patience,
        int checkpointEverySteps,
        int keepCheckpoints) {

    /**
     * The network but for its vocabulary; fields as in {@link GptConfig}.
     *
     * @param layers L
     * @param hidden C
     * @param heads H
     * @param context T
     * @param tiedHead whether the output projection is the token embedding
     */
    public record Sizes(int layers, int hidden, int heads, int context, boolean tiedHead) {
        /** @throws IllegalArgumentException naming the field that does not fit */
        public Sizes {
            // Any vocabulary will do: it has no bearing on the other fields.
            new GptConfig(GPT2_VOCABULARY, context, layers, heads, hidden, tiedHead);
        }

        /** The whole configuration. */
        public GptConfig withVocabulary(int vocabularySize) {
            return new GptConfig(vocabularySize, context, layers, heads, hidden, tiedHead);
        }

        private static final int GPT2_VOCABULARY = 50_257;
    }

    /**
     * Learning rates; {@link LearningRateSchedule} spreads them over the steps.
     *
     * @param shape between warmup and end
     * @param peak after warmup
     * @param minimum at the end
     * @param warmupSteps from 0 to the peak
     */
    public record Rates(LearningRateSchedule.Shape shape, double peak, double minimum, int warmupSteps) {
        /** @throws IllegalArgumentException naming the field that does not fit */
        public Rates {
            require(peak > 0 && peak < 10, "training.learningRate", peak, "greater than 0 and less than 10");
            require(
                    minimum >= 0 && minimum <= peak,
                    "training.minLearningRate",
                    minimum,
                    "at least 0 and at most training.learningRate=" + peak);
            require(warmupSteps >= 0, "training.warmupSteps", warmupSteps, "at least 0");
        }
    }

    /** @throws IllegalArgumentException naming the field that does not fit */
    public TrainingPlan {
        require(epochs >= 1, "training.epochs", epochs, "at least 1");
        require(maxSteps >= 0, "training.maxSteps", maxSteps, "at least 0");
        require(batchSize >= 1, "training.batchSize", batchSize, "at least 1");
        require(accumulationSteps >= 1, "training.accumulationSteps", accumulationSteps, "at least 1");
        require(patience >= 0, "training.patience", patience, "at least 0");
        require(checkpointEverySteps >= 0, "training.checkpointEverySteps", checkpointEverySteps, "at least 0");
        require(keepCheckpoints >= 0, "training.keepCheckpoints", keepCheckpoints, "at least 0");
        // What one forward pass holds must have a size that fits in an array; far below that, memory ends first.
        require(
                (long) batchSize * sizes.context() <= MAX_BATCH_TOKENS,
                "training.batchSize",
                batchSize,
                "at most " + MAX_BATCH_TOKENS / sizes.context() + " with model.context=" + sizes.context());
    }

    private static final long MAX_BATCH_TOKENS = 1 << 20;

    private static void require(boolean valid, String field, Number value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException(field + "=" + value + " must be " + expected);
        }
    }
}
