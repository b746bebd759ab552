package io.infinito.checkpoint;

/**
 * Where a run stands, so that another process goes on with the same loss curve. Random numbers need no state: they are drawn from
 * the seed and the step.
 *
 * @param step optimizer steps done, those that were left out included
 * @param epoch completed epochs
 * @param epochLossSum over the micro-batches of the epoch that is under way
 * @param epochMicroBatches that the sum is over
 * @param bestValidationLoss so far; infinite before the first
 * @param bestStep where it was; 0 before the first
 * @param epochsWithoutGain since the best
 * @param evaluatedStep of the last evaluation; 0 before the first
 * @param guard what the guard has seen
 */
public record TrainerState(
        int step,
        int epoch,
        double epochLossSum,
        long epochMicroBatches,
        double bestValidationLoss,
        int bestStep,
        int epochsWithoutGain,
        int evaluatedStep,
        Guard guard) {

    /**
     * What the guard against bad gradients has seen.
     *
     * @param normMean running mean of the gradient norm; 0 before the first
     * @param skippedSteps updates that were left out
     * @param skippedInARow of them those since the last update
     */
    public record Guard(double normMean, int skippedSteps, int skippedInARow) {}

    /** Before the first step. */
    public static final TrainerState START =
            new TrainerState(0, 0, 0, 0, Double.POSITIVE_INFINITY, 0, 0, 0, new Guard(0, 0, 0));

    /** After one more step. A step that was left out brings no loss and no micro-batches. */
    public TrainerState afterStep(double lossSum, int microBatches, Guard newGuard) {
        return new TrainerState(
                step + 1,
                epoch,
                epochLossSum + lossSum,
                epochMicroBatches + microBatches,
                bestValidationLoss,
                bestStep,
                epochsWithoutGain,
                evaluatedStep,
                newGuard);
    }

    /** After an evaluation of this step's weights. */
    public TrainerState afterEvaluation(double validationLoss) {
        boolean best = isBest(validationLoss);
        return new TrainerState(
                step,
                epoch,
                epochLossSum,
                epochMicroBatches,
                best ? validationLoss : bestValidationLoss,
                best ? step : bestStep,
                best ? 0 : epochsWithoutGain,
                step,
                guard);
    }

    /**
     * After the epoch that is under way.
     *
     * @param firstStep steps done when it began
     */
    public TrainerState afterEpoch(int firstStep) {
        return new TrainerState(
                step,
                epoch + 1,
                0,
                0,
                bestValidationLoss,
                bestStep,
                bestStep > firstStep ? 0 : epochsWithoutGain + 1,
                evaluatedStep,
                guard);
    }

    /** Whether a validation loss is the lowest so far. */
    public boolean isBest(double validationLoss) {
        return validationLoss < bestValidationLoss;
    }

    /** Updates that the weights have got. */
    public int updates() {
        return step - guard.skippedSteps();
    }

    /** The JSON document. */
    public byte[] toJson() {
        var node = JsonDocument.create().put("step", step).put("epoch", epoch);
        JsonDocument.putDecimal(node, "epochLossSum", epochLossSum);
        node.put("epochMicroBatches", epochMicroBatches);
        JsonDocument.putDecimal(node, "bestValidationLoss", bestValidationLoss);
        node.put("bestStep", bestStep)
                .put("epochsWithoutGain", epochsWithoutGain)
                .put("evaluatedStep", evaluatedStep);
        JsonDocument.putDecimal(node, "normMean", guard.normMean());
        return JsonDocument.write(
                node.put("skippedSteps", guard.skippedSteps()).put("skippedInARow", guard.skippedInARow()));
    }

    /**
     * Reads {@link #toJson}.
     *
     * @throws IllegalArgumentException naming the field that is missing
     */
    public static TrainerState fromJson(byte[] json) {
        JsonDocument document = JsonDocument.read(CheckpointKeys.TRAINER_STATE, json);
        return new TrainerState(
                document.integer("step"),
                document.integer("epoch"),
                document.decimal("epochLossSum"),
                document.number("epochMicroBatches"),
                document.decimal("bestValidationLoss"),
                document.integer("bestStep"),
                document.integer("epochsWithoutGain"),
                document.integer("evaluatedStep"),
                new Guard(
                        document.decimal("normMean"),
                        document.integer("skippedSteps"),
                        document.integer("skippedInARow")));
    }
}
