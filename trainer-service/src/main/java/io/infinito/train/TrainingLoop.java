package io.infinito.train;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.checkpoint.TrainerState;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.StepClock;
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

    /** The gradients are not usable any more: the run cannot go on. */
    public static final class DivergedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private DivergedException(String message) {
            super(message);
        }

        static DivergedException ofLoss(int step, double loss) {
            return new DivergedException("the training loss became " + loss + " at step " + step
                    + ", or its gradients did: lower training.learningRate or training.clipNorm");
        }

        static DivergedException ofNorm(int step, double norm, double mean, double spikeFactor) {
            return new DivergedException("the gradient norm became " + norm + " at step " + step
                    + ", more than training.spikeFactor=" + spikeFactor + " times its running mean " + mean
                    + ": lower training.learningRate, or set training.guard to SKIP");
        }
    }

    private final TrainingPlan plan;
    private final Gpt gpt;
    private final Learner learner;
    private final SequenceOrder sequences;
    private final TokenDropout tokenDropout;
    private final Assessment assessment;
    private final RunListener listener;
    private final LongSupplier nanoTime;
    private final LearningRateSchedule schedule;
    private final GradientGuard guard;
    private final int stepsPerEpoch;
    private final int totalSteps;

    private TrainerState state;

    /**
     * A run that is ready to start.
     *
     * @param state where it goes on; what the learner holds is of the same step
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
            RunListener listener,
            LongSupplier nanoTime) {
        this.plan = plan;
        this.gpt = gpt;
        this.learner = learner;
        this.sequences = sequences;
        this.tokenDropout = tokenDropout;
        this.assessment = assessment;
        this.state = state;
        this.listener = listener;
        this.nanoTime = nanoTime;
        stepsPerEpoch = stepsPerEpoch(plan, sequences.size());
        totalSteps = totalSteps(plan, sequences.size());
        schedule = new LearningRateSchedule(plan.schedule(), totalSteps);
        guard = new GradientGuard(plan.guard());
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
                TrainStep steps = new TrainStep(
                        manager, gpt, learner.weights(), learner.optimizer(), batches, plan.batchSize(), clock)) {
            while (!hasEnded(state)) {
                if (listener.stopRequested() || !trainEpoch(manager, steps)) {
                    return Ending.STOPPED;
                }
            }
            return Ending.DONE;
        }
    }

    /** Where the run stands, between two steps. */
    public TrainerState state() {
        return state;
    }

    private boolean hasEnded(TrainerState at) {
        return at.epoch() >= plan.epochs()
                || at.step() >= totalSteps
                || (plan.patience() > 0 && at.epochsWithoutGain() >= plan.patience());
    }

    /** Returns false if it was asked to stop. */
    private boolean trainEpoch(NDManager manager, TrainStep steps) {
        long start = nanoTime.getAsLong();
        long evaluationNanos = 0;
        long tokens = 0;
        double rate = schedule.at(Math.max(0, state.step() - 1));
        long[] order = sequences.ofEpoch(state.epoch());
        int firstStep = state.epoch() * stepsPerEpoch;
        int end = Math.min(totalSteps, firstStep + stepsPerEpoch);
        while (state.step() < end) {
            if (isDue(plan.evaluateEverySteps(), firstStep) && state.evaluatedStep() < state.step()) {
                long evaluationStart = nanoTime.getAsLong();
                if (!evaluateInsideEpoch(manager)) {
                    return false;
                }
                evaluationNanos += nanoTime.getAsLong() - evaluationStart;
            }
            if (listener.stopRequested()) {
                return false;
            }
            rate = schedule.at(state.step());
            RunListener.StepDone done = trainStep(steps, order, rate);
            tokens += done.tokens();
            listener.stepDone(done);
            if (state.step() < end && isDue(plan.checkpointEverySteps(), firstStep)) {
                listener.checkpointDue(state, learner, epochLoss());
            }
        }
        double trainSeconds = seconds(nanoTime.getAsLong() - start - evaluationNanos);
        return endEpoch(manager, firstStep, start, rate, tokens / trainSeconds);
    }

    private boolean isDue(int everySteps, int firstStep) {
        return everySteps > 0 && state.step() > firstStep && state.step() % everySteps == 0;
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

    private RunListener.StepDone trainStep(TrainStep steps, long[] order, double rate) {
        int stepInEpoch = state.step() - state.epoch() * stepsPerEpoch;
        int perStep = plan.batchSize() * plan.accumulationSteps();
        int first = stepInEpoch * perStep;
        int last = Math.min(order.length, first + perStep);
        // Dropout of a step is the same whether or not the run was interrupted before it.
        JniUtils.setSeed(plan.seed() * 0x9E3779B97F4A7C15L + state.step());
        double normLimit = guard.limit(state);
        TrainStep.Result done = steps.run(order, first, last, state.step(), rate, normLimit);
        double loss = done.lossSum() / done.microBatches();
        TrainerState.Guard seen = guard.after(state, loss, done.gradientNorm(), normLimit);
        boolean skipped = seen.skippedInARow() > 0;
        state = state.afterStep(skipped ? 0 : done.lossSum(), skipped ? 0 : done.microBatches(), seen);
        if (!skipped) {
            learner.follow(state.updates());
        }
        int tokens = (last - first) * plan.sizes().context();
        return new RunListener.StepDone(
                state.step(),
                state.epoch() + 1,
                loss,
                rate,
                done.gradientNorm(),
                tokens,
                state.guard().skippedSteps());
    }

    /** Mean training loss of the epoch that is under way. */
    public double epochLoss() {
        return state.epochLossSum() / Math.max(1, state.epochMicroBatches());
    }

    private static double seconds(long nanos) {
        return Math.max(1e-9, nanos / 1e9);
    }
}
