package io.infinito.checkpoint;

/**
 * Where a run stands, so that another process goes on with the same loss curve. Random numbers need no state: they are drawn from
 * the seed and the step.
 *
 * @param step optimizer steps done
 * @param epoch completed epochs
 * @param epochLossSum over the micro-batches of the epoch that is under way
 * @param epochMicroBatches that the sum is over
 * @param bestValidationLoss so far; infinite before the first
 * @param bestStep where it was; 0 before the first
 * @param epochsWithoutGain since the best
 */
public record TrainerState(
        int step,
        int epoch,
        double epochLossSum,
        long epochMicroBatches,
        double bestValidationLoss,
        int bestStep,
        int epochsWithoutGain) {

    /** Before the first step. */
    public static final TrainerState START = new TrainerState(0, 0, 0, 0, Double.POSITIVE_INFINITY, 0, 0);

    /** The JSON document. */
    public byte[] toJson() {
        var node = JsonDocument.create().put("step", step).put("epoch", epoch);
        JsonDocument.putDecimal(node, "epochLossSum", epochLossSum);
        node.put("epochMicroBatches", epochMicroBatches);
        JsonDocument.putDecimal(node, "bestValidationLoss", bestValidationLoss);
        return JsonDocument.write(node.put("bestStep", bestStep).put("epochsWithoutGain", epochsWithoutGain));
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
                document.integer("epochsWithoutGain"));
    }
}
