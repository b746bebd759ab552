package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.TrainerState;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.Precision;
import io.infinito.safetensors.SafeTensors;
import io.infinito.safetensors.TensorSource;
import io.infinito.tokenizer.Tokenizer;
import io.infinito.train.LearningRateSchedule.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingLoopTest {
    private static final int VOCABULARY = 200;
    /** Tokens that occur at all. */
    private static final int SEEN = 20;

    private static final TrainingPlan.Sizes SIZES = PlanBuilder.SIZES;

    private static Tokenizer tokenizer;

    @TempDir
    Path folder;

    private int readBack = 1;
    private NDManager manager;
    private TokenFile train;
    private TokenFile validation;
    private TokenFile test;

    @BeforeAll
    static void openTokenizer() {
        tokenizer = Tokenizer.gpt2();
    }

    @AfterAll
    static void closeTokenizer() {
        tokenizer.close();
    }

    @BeforeEach
    void prepare() throws IOException {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        // 26 sequences: the last step of an epoch of batches of 4, accumulated twice, is a small one.
        train = TokenFiles.cycle(folder, 26 * 16 + 5, SEEN, 1);
        validation = TokenFiles.cycle(folder, 100, SEEN, 2);
        test = TokenFiles.cycle(folder, 60, SEEN, 4);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @Test
    void validationLossFallsWithEachEpoch() {
        PlanBuilder plan = new PlanBuilder();
        plan.epochs = 4;
        Recorder run = run(plan, 0);
        assertThat(run.epochs).hasSize(4);
        assertThat(run.validationLosses()).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(run.epochs).allMatch(RunListener.EpochDone::best);
        assertThat(run.epochs).extracting(RunListener.EpochDone::step).containsExactly(4, 8, 12, 16);
        assertThat(run.steps).extracting(RunListener.StepDone::tokens).contains(8 * 16, 2 * 16);
        assertThat(run.epochs.subList(0, 3)).allMatch(epoch -> epoch.test().isEmpty());
        assertThat(run.testResult().tokens()).isEqualTo(59);
    }

    @Test
    void equalSeedsGiveEqualRuns() {
        assertThat(run(everything(), 0).losses()).isEqualTo(run(everything(), 0).losses());
    }

    /** In the middle of an epoch, at its last step, and at the boundary. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 8})
    void goesOnFromACheckpointAsIfNothingHadHappened(int step) {
        PlanBuilder plan = new PlanBuilder();
        plan.checkpointEverySteps = 1;
        assertResumedRunEqualsStraightOne(plan, step, 4);
    }

    /** With an average of the weights, noise of every kind, evaluations inside the epochs, and updates that were left out. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 6, 8, 30, 35, 36})
    void goesOnWithEveryOptionAsIfNothingHadHappened(int step) {
        PlanBuilder plan = everything();
        plan.epochs = 14;
        assertResumedRunEqualsStraightOne(plan, step, 4);
        assertThat(run(plan, 0).last.guard().skippedSteps()).isBetween(1, 50);
    }

    private void assertResumedRunEqualsStraightOne(PlanBuilder plan, int step, int stepsPerEpoch) {
        Recorder straight = run(plan, 0);
        Recorder resumed = run(plan, step);
        int epochs = straight.epochs.size();
        int from = step / stepsPerEpoch;
        assertThat(resumed.losses()).isEqualTo(straight.losses().subList(step, straight.steps.size()));
        assertThat(resumed.validationLosses())
                .isEqualTo(straight.validationLosses().subList(from, epochs));
        assertThat(resumed.trainLosses()).isEqualTo(straight.trainLosses().subList(from, epochs));
        assertThat(resumed.last).isEqualTo(straight.last);
        assertThat(resumed.testResult()).isEqualTo(straight.testResult());
    }

    private static PlanBuilder everything() {
        PlanBuilder plan = new PlanBuilder();
        plan.checkpointEverySteps = 1;
        plan.noise = new TrainingPlan.Noise(0.1, 0.1, true);
        plan.emaDecay = 0.8;
        plan.evaluateEverySteps = 3;
        // Norms of so small a network vary enough for some of them to be over this.
        plan.guard = new TrainingPlan.Guard(true, 1.1);
        return plan;
    }

    /** Windows end at evaluations, checkpoints and epochs; 3 does not divide the 4 steps of an epoch, 50 is longer than it. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 50})
    void readingSeveralStepsAtOnceChangesNoFigure(int readBackEvery) {
        PlanBuilder plan = everything();
        plan.epochs = 14;
        plan.checkpointEverySteps = 5;
        Recorder one = run(plan, 0);
        readBack = readBackEvery;
        Recorder several = run(plan, 0);
        assertThat(several.figures()).isEqualTo(one.figures());
        assertThat(several.validationLosses()).isEqualTo(one.validationLosses());
        assertThat(several.trainLosses()).isEqualTo(one.trainLosses());
        assertThat(several.bestInside).isEqualTo(one.bestInside);
        assertThat(several.states).isEqualTo(one.states);
        assertThat(several.digests).isEqualTo(one.digests);
        assertThat(one.last.guard().skippedSteps()).isPositive();
    }

    /** One process reads each step, the one that goes on three at once. */
    @ParameterizedTest
    @ValueSource(ints = {3, 4, 6, 35})
    void aRunThatGoesOnMayReadBackAtOtherSteps(int step) {
        PlanBuilder plan = everything();
        plan.epochs = 14;
        Recorder straight = run(plan, 0);
        Recorder first = new Recorder(folder, step);
        run(plan.build(), TrainerState.START, null, first);
        readBack = 3;
        Recorder second = new Recorder(folder, -1);
        run(plan.build(), first.saved, folder, second);
        assertThat(second.losses()).isEqualTo(straight.losses().subList(step, straight.steps.size()));
        assertThat(second.last).isEqualTo(straight.last);
        assertThat(second.endDigest).isEqualTo(straight.endDigest);
    }

    /** Asked to stop in the middle of a window, it leaves off behind the last step that was handed over. */
    @Test
    void stoppingReadsWhatWasHandedOver() {
        readBack = 3;
        Recorder recorder = new Recorder(folder, -1);
        // One question before the epoch, one before each step.
        recorder.questionsBeforeStop = 3;
        assertThat(run(new PlanBuilder().build(), TrainerState.START, null, recorder))
                .isEqualTo(TrainingLoop.Ending.STOPPED);
        assertThat(recorder.steps).extracting(RunListener.StepDone::step).containsExactly(1, 2);
    }

    /** Steps that were handed over behind the one that ends the run change neither weights nor moments nor figures. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 50})
    void aRunThatEndsKeepsTheLastGoodStep(int readBackEvery) throws IOException {
        // Steps of one size: a small last one would be the bad one, with no step of its epoch behind it.
        train = TokenFiles.cycle(folder, 64 * 16 + 5, SEEN, 1);
        PlanBuilder plan = everything();
        plan.checkpointEverySteps = 0;
        plan.evaluateEverySteps = 0;
        plan.epochs = 14;
        plan.guard = new TrainingPlan.Guard(false, 1.1);
        readBack = readBackEvery;
        Recorder diverged = new Recorder(folder, -1);
        assertThatThrownBy(() -> run(plan.build(), TrainerState.START, null, diverged))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("at step " + (diverged.steps.size() + 1))
                .hasMessageContaining("training.spikeFactor");
        assertThat(diverged.endState.step()).isEqualTo(diverged.steps.size());
        int stepsOfAnEpoch = diverged.epochs.get(0).step();
        assertThat(diverged.steps.size() % stepsOfAnEpoch)
                .as("the bad step is not the last of its epoch, so that others are behind it")
                .isLessThan(stepsOfAnEpoch - 1);

        readBack = 1;
        Recorder stopped = new Recorder(folder, -1);
        stopped.stepsBeforeStop = diverged.steps.size();
        run(plan.build(), TrainerState.START, null, stopped);
        assertThat(diverged.endState).isEqualTo(stopped.endState);
        assertThat(diverged.endDigest).isEqualTo(stopped.endDigest);
    }

    @Test
    void endsAtTheStepLimitWithAnEvaluatedEpoch() {
        PlanBuilder plan = new PlanBuilder();
        plan.epochs = 4;
        plan.maxSteps = 6;
        Recorder run = run(plan, 0);
        assertThat(run.steps).hasSize(6);
        assertThat(run.epochs).extracting(RunListener.EpochDone::step).containsExactly(4, 6);
    }

    @Test
    void endsWhenPatienceIsOut() {
        // At this rate nothing is learned after the first steps.
        PlanBuilder plan = new PlanBuilder();
        plan.epochs = 50;
        plan.rates = new TrainingPlan.Rates(Shape.CONSTANT, 0.5, 0, 0, 0.2);
        plan.patience = 2;
        Recorder run = run(plan, 0);
        assertThat(run.epochs.size()).isLessThan(50);
        assertThat(run.epochs.subList(run.epochs.size() - 2, run.epochs.size())).noneMatch(RunListener.EpochDone::best);
    }

    /** The test split is measured with the best weights, not with the last. */
    @Test
    void measuresTheTestSplitWithTheBestWeights() {
        PlanBuilder plan = new PlanBuilder();
        plan.epochs = 50;
        plan.rates = new TrainingPlan.Rates(Shape.CONSTANT, 0.5, 0, 0, 0.2);
        plan.patience = 3;
        Recorder run = run(plan, 0);
        assertThat(run.last.bestStep()).isLessThan(run.last.step());
        GptConfig config = SIZES.withVocabulary(VOCABULARY);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights best = GptWeights.load(manager, config, run.model(run.last.bestStep()))) {
            assertThat(run.testResult())
                    .isEqualTo(new Evaluation(split("test", test), 16, 4).measure(manager, gpt, best, () -> false));
        }
    }

    @Test
    void evaluationsInsideAnEpochMayBeTheBest() {
        PlanBuilder plan = new PlanBuilder();
        plan.epochs = 1;
        plan.evaluateEverySteps = 1;
        Recorder run = run(plan, 0);
        assertThat(run.bestInside).hasSizeBetween(1, 3).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(run.last.epochsWithoutGain()).isZero();
    }

    @Test
    void theAverageIsWhatIsEvaluatedAndSaved() {
        PlanBuilder plan = new PlanBuilder();
        Recorder plain = run(plan, 0);
        plan.emaDecay = 0.5;
        Recorder averaged = run(plan, 0);
        assertThat(averaged.losses()).isEqualTo(plain.losses());
        assertThat(averaged.validationLosses()).isNotEqualTo(plain.validationLosses());
        GptConfig config = SIZES.withVocabulary(VOCABULARY);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights saved = GptWeights.load(manager, config, averaged.model(12))) {
            assertThat(new Evaluation(split("validation", validation), 16, 4)
                            .measure(manager, gpt, saved, () -> false)
                            .loss())
                    .isEqualTo(averaged.validationLosses().get(2));
        }
    }

    @Test
    void aRateThatIsFarTooHighEndsTheRunAndNamesTheField() {
        PlanBuilder plan = exploding();
        assertThatThrownBy(() -> run(plan, 0))
                .isInstanceOf(DivergedException.class)
                .hasMessageContaining("training.learningRate");
    }

    @Test
    void updatesThatCannotBeUsedAreLeftOutUntilThereAreTooMany() {
        PlanBuilder plan = exploding();
        plan.guard = new TrainingPlan.Guard(true, 0);
        plan.epochs = 100;
        Recorder run = new Recorder(folder, -1);
        assertThatThrownBy(() -> run(plan.build(), TrainerState.START, null, run))
                .isInstanceOf(DivergedException.class);
        assertThat(run.steps.get(run.steps.size() - 1).skippedSteps())
                .isEqualTo(GradientGuard.MOST_SKIPPED_IN_A_ROW - 1);
    }

    /** Weights of this size overflow when they are multiplied. */
    private static PlanBuilder exploding() {
        PlanBuilder plan = new PlanBuilder();
        plan.rates = new TrainingPlan.Rates(Shape.CONSTANT, 9.9, 0, 0, 0.2);
        plan.weightDecay = 1e20;
        return plan;
    }

    @Test
    void evaluatesEveryTokenOnce() throws IOException {
        TokenFile split = TokenFiles.cycle(folder, 3 * 16 + 8, VOCABULARY, 3);
        GptConfig config = SIZES.withVocabulary(VOCABULARY);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, config, 1)) {
            Evaluation.Result result =
                    new Evaluation(split("validation", split), 16, 2).measure(manager, gpt, weights, () -> false);
            double inTwos = result.loss();
            double atOnce = new Evaluation(split("validation", split), 16, 100)
                    .measure(manager, gpt, weights, () -> false)
                    .loss();
            assertThat(result.tokens()).isEqualTo(55);
            assertThat(result.perplexity()).isCloseTo(Math.exp(inTwos), within(1e-9));
            assertThat(result.wordPerplexity()).isCloseTo(Math.exp(inTwos * 55 / 80), within(1e-9));
            assertThat(result.bitsPerByte()).isCloseTo(inTwos * 55 / 500 / Math.log(2), within(1e-9));
            assertThat(inTwos).isCloseTo(atOnce, within(1e-6));
            // Window by window, by the logits.
            double sum = 0;
            for (int from = 0; from < 55; from += 16) {
                int count = Math.min(16, 55 - from);
                long[] ids = new long[count];
                for (int i = 0; i < count; i++) {
                    ids[i] = split.get(from + i);
                }
                float[] logits = gpt.logits(
                                manager, weights, manager.create(ids, new ai.djl.ndarray.types.Shape(1, count)))
                        .toFloatArray();
                for (int i = 0; i < count; i++) {
                    sum += negativeLogProbability(logits, i * VOCABULARY, (int) split.get(from + i + 1));
                }
            }
            assertThat(inTwos).isCloseTo(sum / 55, within(1e-5));
        }
    }

    @Test
    void namesTheSplitThatIsTooShort() throws IOException {
        TokenFile tooShort = TokenFiles.of(folder, new int[16]);
        assertThatThrownBy(() -> new Evaluation(split("validation", tooShort), 16, 4))
                .hasMessageContaining("validation split has 16 tokens")
                .hasMessageContaining("model.context=16");
        assertThatThrownBy(() -> new SequenceOrder(tooShort, 16, 4)).hasMessageContaining("train split has 16 tokens");
    }

    private static double negativeLogProbability(float[] logits, int from, int target) {
        double sum = 0;
        for (int v = 0; v < VOCABULARY; v++) {
            sum += Math.exp(logits[from + v]);
        }
        return Math.log(sum) - logits[from + target];
    }

    /** Runs the plan from the checkpoint that a run of it left at {@code fromStep}. */
    private Recorder run(PlanBuilder plan, int fromStep) {
        return run(plan.build(), fromStep);
    }

    private Recorder run(TrainingPlan plan, int fromStep) {
        if (fromStep == 0) {
            Recorder recorder = new Recorder(folder, -1);
            assertThat(run(plan, TrainerState.START, null, recorder)).isEqualTo(TrainingLoop.Ending.DONE);
            return recorder;
        }
        Recorder first = new Recorder(folder, fromStep);
        run(plan, TrainerState.START, null, first);
        Recorder second = new Recorder(folder, -1);
        assertThat(run(plan, first.saved, folder, second)).isEqualTo(TrainingLoop.Ending.DONE);
        return second;
    }

    private TrainingLoop.Ending run(TrainingPlan plan, TrainerState state, Path from, Recorder recorder) {
        GptConfig config = plan.sizes().withVocabulary(VOCABULARY);
        try (Gpt gpt = Gpt.compile(manager, config, plan.dropout(), plan.noise().labelSmoothing(), Precision.FLOAT32);
                Learner learner = from == null
                        ? Learner.start(manager, GptWeights.random(manager, config, plan.seed()), plan)
                        : Learner.resume(
                                manager,
                                config,
                                plan,
                                SafeTensors.read(from.resolve("model-" + state.step())),
                                SafeTensors.read(from.resolve("state-" + state.step())))) {
            TrainingLoop loop = new TrainingLoop(
                    plan,
                    gpt,
                    learner,
                    new SequenceOrder(train, 16, plan.seed(), plan.noise().randomOffset()),
                    new TokenDropout(train, plan.noise().tokenDropout(), plan.seed()),
                    new Assessment(
                            new Evaluation(split("validation", validation), 16, 4),
                            Optional.of(new Evaluation(split("test", test), 16, 4)),
                            new Continuations(tokenizer, plan.samples())),
                    state,
                    readBack,
                    recorder,
                    System::nanoTime);
            try {
                return loop.run(manager);
            } finally {
                recorder.endState = loop.state();
                recorder.endDigest = digest(learner);
            }
        }
    }

    /** Of weights, average and moments. */
    private static String digest(Learner learner) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            learner.model().forEach(tensor -> sha256.update(tensor.data()));
            learner.state().forEach(tensor -> sha256.update(tensor.data()));
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Evaluation.Split split(String name, TokenFile tokens) {
        return new Evaluation.Split(name, tokens, 80, 500);
    }

    /** Keeps what it is told; saves checkpoints, and asks to stop at the one of a step. */
    private static final class Recorder implements RunListener {
        final List<StepDone> steps = new ArrayList<>();
        final List<EpochDone> epochs = new ArrayList<>();
        final List<Double> bestInside = new ArrayList<>();
        /** At each checkpoint. */
        final List<TrainerState> states = new ArrayList<>();

        final List<String> digests = new ArrayList<>();
        private final Path folder;
        private final int stopAt;
        int questionsBeforeStop = Integer.MAX_VALUE;
        int stepsBeforeStop = Integer.MAX_VALUE;
        TrainerState endState;
        String endDigest;
        TrainerState last;
        TrainerState saved;

        Recorder(Path folder, int stopAt) {
            this.folder = folder;
            this.stopAt = stopAt;
        }

        /** All of the steps but how long they took. */
        List<StepDone> figures() {
            return steps.stream()
                    .map(s -> new StepDone(
                            s.step(),
                            s.epoch(),
                            s.loss(),
                            s.learningRate(),
                            s.gradientNorm(),
                            s.tokens(),
                            s.skippedSteps(),
                            0))
                    .toList();
        }

        List<Double> losses() {
            return steps.stream().map(StepDone::loss).toList();
        }

        List<Double> validationLosses() {
            return epochs.stream().map(EpochDone::validationLoss).toList();
        }

        List<Double> trainLosses() {
            return epochs.stream().map(EpochDone::trainLoss).toList();
        }

        Evaluation.Result testResult() {
            return epochs.get(epochs.size() - 1).test().orElseThrow();
        }

        @Override
        public void stepDone(StepDone step) {
            steps.add(step);
        }

        @Override
        public void betweenSteps() {
            // Nothing is measured.
        }

        @Override
        public void checkpointDue(TrainerState state, Learner learner, double trainLoss) {
            save(state, learner);
        }

        @Override
        public void bestInsideEpoch(TrainerState state, Learner learner, double trainLoss, double validationLoss) {
            bestInside.add(validationLoss);
            save(state, learner);
        }

        @Override
        public void epochDone(EpochDone epoch, TrainerState state, Learner learner) {
            epochs.add(epoch);
            save(state, learner);
        }

        @Override
        public TensorSource model(int step) {
            return SafeTensors.read(folder.resolve("model-" + step));
        }

        private void save(TrainerState state, Learner learner) {
            last = state;
            states.add(state);
            digests.add(digest(learner));
            if (state.step() == stopAt) {
                saved = state;
            }
            try {
                SafeTensors.write(folder.resolve("model-" + state.step()), learner.model());
                SafeTensors.write(folder.resolve("state-" + state.step()), learner.state());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean stopRequested() {
            return saved != null || steps.size() >= stepsBeforeStop || --questionsBeforeStop < 0;
        }
    }
}
