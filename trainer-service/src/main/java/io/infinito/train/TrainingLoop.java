package io.infinito.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import java.util.function.LongSupplier;

/**
 * The training run of one plan, from any step to its end. Everything random is drawn from the seed and the step, so a run that goes
 * on from a checkpoint has the losses that it would have had.
 *
 * <p>All of it happens on the calling thread, which must be the only one that uses autograd in this process.
 */
public final class TrainingLoop {
    /** How a run ended. */
    public enum Ending {
        /** All epochs, all allowed steps, or no more gain. */
        DONE,
        /** Because {@link RunListener#stopRequested} said so. */
        STOPPED
    }

    /** The loss is not a number any more: the run cannot go on. */
    public static final class DivergedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DivergedException(int step, double loss) {
            super("the training loss became " + loss + " at step " + step
                    + ": lower training.learningRate or training.clipNorm");
        }
    }

    private final TrainingPlan plan;
    private final Gpt gpt;
    private final GptWeights weights;
    private final AdamW optimizer;
    private final SequenceOrder sequences;
    private final Evaluation evaluation;
    private final RunListener listener;
    private final LongSupplier nanoTime;
    private final LearningRateSchedule schedule;
    private final int stepsPerEpoch;
    private final int totalSteps;

    private TrainerState state;

    /**
     * A run that is ready to start.
     *
     * @param state where it goes on; weights and optimizer are of the same step
     * @param nanoTime a clock
     */
    public TrainingLoop(
            TrainingPlan plan,
            Gpt gpt,
            GptWeights weights,
            AdamW optimizer,
            SequenceOrder sequences,
            Evaluation evaluation,
            TrainerState state,
            RunListener listener,
            LongSupplier nanoTime) {
        this.plan = plan;
        this.gpt = gpt;
        this.weights = weights;
        this.optimizer = optimizer;
        this.sequences = sequences;
        this.evaluation = evaluation;
        this.state = state;
        this.listener = listener;
        this.nanoTime = nanoTime;
        stepsPerEpoch = stepsPerEpoch(plan, sequences.size());
        totalSteps = totalSteps(plan, sequences.size());
        schedule = new LearningRateSchedule(plan.schedule(), totalSteps);
    }

    /** Optimizer steps of an epoch over so many sequences; the last one may be smaller. */
    static int stepsPerEpoch(TrainingPlan plan, int sequences) {
        int perStep = Math.multiplyExact(plan.batchSize(), plan.accumulationSteps());
        return (sequences + perStep - 1) / perStep;
    }

    /** Optimizer steps of the whole run, if it is not ended early. */
    public static int totalSteps(TrainingPlan plan, int sequences) {
        int all = Math.multiplyExact(stepsPerEpoch(plan, sequences), plan.epochs());
        return plan.maxSteps() > 0 ? Math.min(all, plan.maxSteps()) : all;
    }

    /** Trains to the end of the plan or until asked to stop. */
    public Ending run(NDManager manager) {
        JniUtils.setGradMode(true);
        weights.requireGradients();
        while (state.epoch() < plan.epochs() && state.step() < totalSteps && !outOfPatience()) {
            if (listener.stopRequested() || !trainEpoch(manager)) {
                return Ending.STOPPED;
            }
        }
        return Ending.DONE;
    }

    /** Where the run stands, between two steps. */
    public TrainerState state() {
        return state;
    }

    private boolean outOfPatience() {
        return plan.patience() > 0 && state.epochsWithoutGain() >= plan.patience();
    }

    /** Returns false if it was asked to stop. */
    private boolean trainEpoch(NDManager manager) {
        long start = nanoTime.getAsLong();
        long tokens = 0;
        double rate = schedule.at(Math.max(0, state.step() - 1));
        int[] order = sequences.ofEpoch(state.epoch());
        int end = Math.min(totalSteps, (state.epoch() + 1) * stepsPerEpoch);
        while (state.step() < end) {
            if (listener.stopRequested()) {
                return false;
            }
            rate = schedule.at(state.step());
            RunListener.StepDone done = trainStep(manager, order, rate);
            tokens += done.tokens();
            listener.stepDone(done);
            boolean due = plan.checkpointEverySteps() > 0 && state.step() % plan.checkpointEverySteps() == 0;
            if (due && state.step() < end) {
                listener.checkpointDue(state, weights, optimizer, epochLoss());
            }
        }
        double trainSeconds = secondsSince(start);
        double validationLoss = evaluation.meanLoss(manager, gpt, weights, listener::stopRequested);
        if (listener.stopRequested()) {
            return false;
        }
        boolean best = validationLoss < state.bestValidationLoss();
        RunListener.EpochDone epoch = new RunListener.EpochDone(
                state.epoch() + 1,
                state.step(),
                epochLoss(),
                validationLoss,
                rate,
                tokens / trainSeconds,
                secondsSince(start),
                best);
        state = new TrainerState(
                state.step(),
                state.epoch() + 1,
                0,
                0,
                best ? validationLoss : state.bestValidationLoss(),
                best ? state.step() : state.bestStep(),
                best ? 0 : state.epochsWithoutGain() + 1);
        listener.epochDone(epoch, state, weights, optimizer);
        return true;
    }

    private RunListener.StepDone trainStep(NDManager manager, int[] order, double rate) {
        int stepInEpoch = state.step() - state.epoch() * stepsPerEpoch;
        int perStep = plan.batchSize() * plan.accumulationSteps();
        int first = stepInEpoch * perStep;
        int last = Math.min(order.length, first + perStep);
        // Dropout of a step is the same whether or not the run was interrupted before it.
        JniUtils.setSeed(plan.seed() * 0x9E3779B97F4A7C15L + state.step());
        double lossSum = 0;
        int microBatches = 0;
        double norm;
        try (NDManager step = manager.newSubManager()) {
            for (int from = first; from < last; from += plan.batchSize()) {
                int to = Math.min(last, from + plan.batchSize());
                NDArray loss = microBatch(step, order, from, to);
                weights.backward(loss);
                lossSum += loss.getFloat();
                loss.close();
                microBatches++;
            }
            norm = optimizer.update(step, microBatches, rate).getFloat();
        }
        if (!Double.isFinite(lossSum) || !Double.isFinite(norm)) {
            throw new DivergedException(state.step() + 1, lossSum / microBatches);
        }
        state = new TrainerState(
                state.step() + 1,
                state.epoch(),
                state.epochLossSum() + lossSum,
                state.epochMicroBatches() + microBatches,
                state.bestValidationLoss(),
                state.bestStep(),
                state.epochsWithoutGain());
        int tokens = (last - first) * plan.sizes().context();
        return new RunListener.StepDone(state.step(), state.epoch() + 1, lossSum / microBatches, rate, norm, tokens);
    }

    private NDArray microBatch(NDManager step, int[] order, int from, int to) {
        int rows = to - from;
        int context = plan.sizes().context();
        long[] ids = new long[rows * context];
        long[] targets = new long[rows * context];
        for (int row = 0; row < rows; row++) {
            sequences.copy(order[from + row], ids, targets, row);
        }
        Shape shape = new Shape(rows, context);
        return gpt.trainLoss(step, weights, step.create(ids, shape), step.create(targets, shape));
    }

    /** Mean training loss of the epoch that is under way. */
    public double epochLoss() {
        return state.epochLossSum() / Math.max(1, state.epochMicroBatches());
    }

    private double secondsSince(long start) {
        return Math.max(1e-9, (nanoTime.getAsLong() - start) / 1e9);
    }
}
