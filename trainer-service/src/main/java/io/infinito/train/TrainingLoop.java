package io.infinito.train;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.StepClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    /** Long steps are read sooner: neither who watches nor the check that a run still moves should see figures that are minutes old. */
    private static final long READ_BACK_NANOS = 2_000_000_000;

    private final TrainingPlan plan;
    private final Gpt gpt;
    private final Learner learner;
    private final SequenceOrder sequences;
    private final TokenDropout tokenDropout;
    private final Assessment assessment;
    private final RunListener listener;
    private final LongSupplier nanoTime;
    private final LearningRateSchedule schedule;
    private final int readBackEvery;
    private final int stepsPerEpoch;
    private final int totalSteps;

    /** What the steps since the last reading were told to do. */
    private final List<Handed> handed = new ArrayList<>();

    private TrainerState state;
    private long windowStart;

    private record Handed(double learningRate, int tokens) {}

    /**
     * A run that is ready to start.
     *
     * @param state where it goes on; what the learner holds is of the same step
     * @param readBackEvery steps that are handed to the device before what they found is read, fewer where they take seconds; it does
     *     not change what they find
     * @param nanoTime a clock
     */
    public TrainingLoop(
            TrainingPlan plan,
            Gpt gpt,
            Learner learner,
            SequenceOrder sequences,
            TokenDropout tokenDropout,
            Assessment assessment,
            TrainerState state,
            int readBackEvery,
            RunListener listener,
            LongSupplier nanoTime) {
        this.plan = plan;
        this.gpt = gpt;
        this.learner = learner;
        this.sequences = sequences;
        this.tokenDropout = tokenDropout;
        this.assessment = assessment;
        this.state = state;
        this.readBackEvery = readBackEvery;
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
        StepClock clock = new StepClock(nanoTime);
        try (BatchLoader batches = BatchLoader.of(
                        manager, sequences, tokenDropout, plan.sizes().context());
                GradientGuard guard = guard(manager);
                TrainStep steps = new TrainStep(
                        manager,
                        gpt,
                        learner.weights(),
                        learner.optimizer(),
                        batches,
                        plan.batchSize(),
                        guard,
                        clock)) {
            while (!hasEnded(state)) {
                if (listener.stopRequested() || !trainEpoch(manager, steps, guard)) {
                    return Ending.STOPPED;
                }
            }
            return Ending.DONE;
        }
    }

    private GradientGuard guard(NDManager manager) {
        TrainerState.Guard seen = state.guard();
        return new GradientGuard(
                manager,
                plan.guard().skip(),
                plan.guard().spikeFactor(),
                new GradientGuard.Seen(seen.normMean(), seen.skippedSteps(), seen.skippedInARow(), state.updates()),
                readBackEvery);
    }

    /** Where the run stands, between two steps. After a {@link DivergedException} behind the last good one, as do the weights. */
    public TrainerState state() {
        return state;
    }

    private boolean hasEnded(TrainerState at) {
        return at.epoch() >= plan.epochs()
                || at.step() >= totalSteps
                || (plan.patience() > 0 && at.epochsWithoutGain() >= plan.patience());
    }

    /** Returns false if it was asked to stop. */
    private boolean trainEpoch(NDManager manager, TrainStep steps, GradientGuard guard) {
        long start = nanoTime.getAsLong();
        long evaluationNanos = 0;
        long tokens = 0;
        double rate = schedule.at(Math.max(0, state.step() - 1));
        long[] order = sequences.ofEpoch(state.epoch());
        int firstStep = state.epoch() * stepsPerEpoch;
        int end = Math.min(totalSteps, firstStep + stepsPerEpoch);
        int step = state.step();
        while (step < end) {
            if (isDue(plan.evaluateEverySteps(), firstStep, step) && state.evaluatedStep() < step) {
                long evaluationStart = nanoTime.getAsLong();
                if (!evaluateInsideEpoch(manager)) {
                    return false;
                }
                evaluationNanos += nanoTime.getAsLong() - evaluationStart;
            }
            if (listener.stopRequested()) {
                readBack(steps);
                return false;
            }
            rate = schedule.at(step);
            tokens += handOver(steps, guard, order, step, rate);
            step++;
            boolean checkpoint = step < end && isDue(plan.checkpointEverySteps(), firstStep, step);
            if (checkpoint
                    || step == end
                    || steps.unread() == readBackEvery
                    || nanoTime.getAsLong() - windowStart > READ_BACK_NANOS
                    || isDue(plan.evaluateEverySteps(), firstStep, step)) {
                readBack(steps);
            }
            if (checkpoint) {
                listener.checkpointDue(state, learner, epochLoss());
            }
        }
        double trainSeconds = seconds(nanoTime.getAsLong() - start - evaluationNanos);
        return endEpoch(manager, firstStep, start, rate, tokens / trainSeconds);
    }

    private static boolean isDue(int everySteps, int firstStep, int step) {
        return everySteps > 0 && step > firstStep && step % everySteps == 0;
    }

    /** Returns false if it was asked to stop. Then the next process evaluates. */
    private boolean evaluateInsideEpoch(NDManager manager) {
        double loss = validate(manager).loss();
        if (listener.stopRequested()) {
            return false;
        }
        boolean best = state.isBest(loss);
        state = state.afterEvaluation(loss);
        if (best) {
            listener.bestInsideEpoch(state, learner, epochLoss(), loss);
        }
        return true;
    }

    /** Returns false if it was asked to stop. Then the next process ends the epoch. */
    private boolean endEpoch(NDManager manager, int firstStep, long start, double rate, double tokensPerSecond) {
        Evaluation.Result validation = validate(manager);
        boolean best = state.isBest(validation.loss());
        TrainerState next = state.afterEvaluation(validation.loss()).afterEpoch(firstStep);
        Optional<Evaluation.Result> test = listener.stopRequested() || !hasEnded(next)
                ? Optional.empty()
                : assessment.test().map(split -> test(manager, split, next));
        if (listener.stopRequested()) {
            return false;
        }
        RunListener.EpochDone epoch = new RunListener.EpochDone(
                next.epoch(),
                next.step(),
                epochLoss(),
                validation,
                test,
                assessment.continuations().of(manager, learner.candidate()),
                rate,
                tokensPerSecond,
                seconds(nanoTime.getAsLong() - start),
                best);
        state = next;
        listener.epochDone(epoch, state, learner);
        return true;
    }

    private Evaluation.Result validate(NDManager manager) {
        return assessment.validation().measure(manager, gpt, learner.candidate(), listener::stopRequested);
    }

    /** With the weights that were best, which may be those of an earlier checkpoint. */
    private Evaluation.Result test(NDManager manager, Evaluation split, TrainerState end) {
        if (end.bestStep() == end.step() || end.bestStep() == 0) {
            return split.measure(manager, gpt, learner.candidate(), listener::stopRequested);
        }
        try (GptWeights best = GptWeights.load(manager, gpt.config(), listener.model(end.bestStep()))) {
            return split.measure(manager, gpt, best, listener::stopRequested);
        }
    }

    /** Returns the tokens of the step. */
    private int handOver(TrainStep steps, GradientGuard guard, long[] order, int step, double rate) {
        if (handed.isEmpty()) {
            windowStart = nanoTime.getAsLong();
        }
        int perStep = plan.batchSize() * plan.accumulationSteps();
        int first = (step - state.epoch() * stepsPerEpoch) * perStep;
        int last = Math.min(order.length, first + perStep);
        // Dropout of a step is the same whether or not the run was interrupted before it.
        JniUtils.setSeed(plan.seed() * 0x9E3779B97F4A7C15L + step);
        steps.run(order, first, last, step, rate);
        learner.follow(guard);
        int tokens = (last - first) * plan.sizes().context();
        handed.add(new Handed(rate, tokens));
        return tokens;
    }

    /**
     * Waits for the steps that were handed over, and tells of them.
     *
     * @throws DivergedException if one of them must not be gone on from; those behind it have changed nothing
     */
    private void readBack(TrainStep steps) {
        List<TrainStep.Result> results = steps.read();
        double seconds = seconds(nanoTime.getAsLong() - windowStart) / Math.max(1, results.size());
        List<Handed> told = List.copyOf(handed);
        handed.clear();
        for (int i = 0; i < results.size(); i++) {
            TrainStep.Result result = results.get(i);
            if (result.verdict().ends()) {
                throw DivergedException.of(
                        state.step() + 1,
                        result,
                        state.guard().normMean(),
                        plan.guard().spikeFactor());
            }
            state = after(result);
            listener.stepDone(new RunListener.StepDone(
                    state.step(),
                    state.epoch() + 1,
                    result.loss(),
                    told.get(i).learningRate(),
                    result.verdict().norm(),
                    told.get(i).tokens(),
                    state.guard().skippedSteps(),
                    seconds));
        }
        listener.betweenSteps();
    }

    private TrainerState after(TrainStep.Result result) {
        GradientGuard.Verdict verdict = result.verdict();
        GradientGuard.Seen seen = verdict.after();
        return state.afterStep(
                verdict.refused() ? 0 : verdict.lossSum(),
                verdict.refused() ? 0 : result.microBatches(),
                new TrainerState.Guard(seen.normMean(), seen.skippedSteps(), seen.skippedInARow()));
    }

    /** Mean training loss of the epoch that is under way. */
    public double epochLoss() {
        return state.epochLossSum() / Math.max(1, state.epochMicroBatches());
    }

    private static double seconds(long nanos) {
        return Math.max(1e-9, nanos / 1e9);
    }
}
