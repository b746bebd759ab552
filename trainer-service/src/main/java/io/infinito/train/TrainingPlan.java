package io.infinito.train;

import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.GptConfig;
import java.util.List;

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
 * @param noise of the training data
 * @param emaDecay of the moving average of the weights, which is then what is evaluated and saved; 0: none
 * @param evaluateEverySteps evaluations inside epochs; 0: none
 * @param guard against gradients that are no numbers or far too large
 * @param samples after each epoch
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
        int keepCheckpoints,
        Noise noise,
        double emaDecay,
        int evaluateEverySteps,
        Guard guard,
        Samples samples) {

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
     * @param decayFraction of the steps after warmup that go down, where the shape is constant with decay
     */
    public record Rates(
            LearningRateSchedule.Shape shape, double peak, double minimum, int warmupSteps, double decayFraction) {
        /** @throws IllegalArgumentException naming the field that does not fit */
        public Rates {
            require(peak > 0 && peak < 10, "training.learningRate", peak, "greater than 0 and less than 10");
            require(
                    minimum >= 0 && minimum <= peak,
                    "training.minLearningRate",
                    minimum,
                    "at least 0 and at most training.learningRate=" + peak);
            require(warmupSteps >= 0, "training.warmupSteps", warmupSteps, "at least 0");
            require(
                    decayFraction > 0 && decayFraction <= 1,
                    "training.decayFraction",
                    decayFraction,
                    "greater than 0 and at most 1");
        }
    }

    /**
     * What is done to the training data so that the network cannot learn it by heart.
     *
     * @param tokenDropout probability that an input token is replaced by a random one; its target stays
     * @param labelSmoothing share of the target's probability that is spread over the vocabulary
     * @param randomOffset whether each epoch cuts its sequences at other places
     */
    public record Noise(double tokenDropout, double labelSmoothing, boolean randomOffset) {
        /** The data as it is. */
        public static final Noise NONE = new Noise(0, 0, false);

        /** @throws IllegalArgumentException naming the field that does not fit */
        public Noise {
            share("training.tokenDropout", tokenDropout);
            share("training.labelSmoothing", labelSmoothing);
        }
    }

    /**
     * What happens to gradients that would spoil the weights; they never reach them.
     *
     * @param skip whether the run goes on without the update, rather than ending
     * @param spikeFactor a norm above so many times its running mean is refused; 0: only one that is no number
     */
    public record Guard(boolean skip, double spikeFactor) {
        /** Ends the run at a loss that is no number. */
        public static final Guard STOP = new Guard(false, 0);

        /** @throws IllegalArgumentException naming the field that does not fit */
        public Guard {
            require(
                    spikeFactor == 0 || (spikeFactor > 1 && spikeFactor < Double.POSITIVE_INFINITY),
                    "training.spikeFactor",
                    spikeFactor,
                    "0 or greater than 1");
        }
    }

    /**
     * Texts that are continued after each epoch.
     *
     * @param prompts their beginnings
     * @param tokens that are added at most
     */
    public record Samples(List<String> prompts, int tokens) {
        /** None. */
        public static final Samples NONE = new Samples(List.of(), 1);

        private static final int MAX_PROMPTS = 16;

        /** @throws IllegalArgumentException naming the field that does not fit */
        public Samples {
            prompts = List.copyOf(prompts);
            require(tokens >= 1, "training.sampleTokens", tokens, "at least 1");
            require(prompts.size() <= MAX_PROMPTS, "training.samplePrompts", prompts.size(), "at most " + MAX_PROMPTS);
            if (prompts.stream().anyMatch(String::isBlank)) {
                throw new IllegalArgumentException("training.samplePrompts has an empty prompt: remove it");
            }
        }
    }

    /** The same plan for a network of other sizes. */
    public TrainingPlan withSizes(Sizes other) {
        return new TrainingPlan(
                other,
                epochs,
                maxSteps,
                batchSize,
                accumulationSteps,
                schedule,
                optimizer,
                dropout,
                seed,
                patience,
                checkpointEverySteps,
                keepCheckpoints,
                noise,
                emaDecay,
                evaluateEverySteps,
                guard,
                samples);
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
        share("training.emaDecay", emaDecay);
        require(evaluateEverySteps >= 0, "training.evaluateEverySteps", evaluateEverySteps, "at least 0");
        require(
                samples.prompts().isEmpty() || samples.tokens() < sizes.context(),
                "training.sampleTokens",
                samples.tokens(),
                "less than model.context=" + sizes.context());
        // What one forward pass holds must have a size that fits in an array; far below that, memory ends first.
        require(
                (long) batchSize * sizes.context() <= MAX_BATCH_TOKENS,
                "training.batchSize",
                batchSize,
                "at most " + MAX_BATCH_TOKENS / sizes.context() + " with model.context=" + sizes.context());
    }

    private static final long MAX_BATCH_TOKENS = 1 << 20;

    private static void share(String field, double value) {
        require(value >= 0 && value < 1, field, value, "at least 0 and less than 1");
    }

    private static void require(boolean valid, String field, Number value, String expected) {
        if (!valid) {
            throw new IllegalArgumentException(field + "=" + value + " must be " + expected);
        }
    }
}
