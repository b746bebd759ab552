package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.TrainerState;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.safetensors.SafeTensors;
import io.infinito.train.LearningRateSchedule.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingLoopTest {
    private static final int VOCABULARY = 200;
    /** Tokens that occur at all. */
    private static final int SEEN = 20;

    private static final TrainingPlan.Sizes SIZES = new TrainingPlan.Sizes(2, 16, 2, 16, true);

    @TempDir
    Path folder;

    private NDManager manager;
    private TokenFile train;
    private TokenFile validation;

    @BeforeEach
    void prepare() throws IOException {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        // 26 sequences: the last step of an epoch of batches of 4, accumulated twice, is a small one.
        train = TokenFiles.cycle(folder, 26 * 16 + 5, SEEN, 1);
        validation = TokenFiles.cycle(folder, 100, SEEN, 2);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    @Test
    void validationLossFallsWithEachEpoch() {
        Recorder run = run(plan(4, 0, 0, 0), 0);
        assertThat(run.epochs).hasSize(4);
        assertThat(run.epochs)
                .extracting(RunListener.EpochDone::validationLoss)
                .isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(run.epochs).allMatch(RunListener.EpochDone::best);
        assertThat(run.epochs).extracting(RunListener.EpochDone::step).containsExactly(4, 8, 12, 16);
        assertThat(run.steps).extracting(RunListener.StepDone::tokens).contains(8 * 16, 2 * 16);
    }

    @Test
    void equalSeedsGiveEqualRuns() {
        assertThat(run(plan(2, 0, 0, 0), 0).losses())
                .isEqualTo(run(plan(2, 0, 0, 0), 0).losses());
    }

    /** In the middle of an epoch, at its last step, and at the boundary. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 8})
    void goesOnFromACheckpointAsIfNothingHadHappened(int step) {
        TrainingPlan plan = plan(3, 0, 1, 0);
        Recorder straight = run(plan, 0);
        Recorder resumed = run(plan, step);
        assertThat(resumed.losses()).isEqualTo(straight.losses().subList(step, 12));
        assertThat(resumed.epochs)
                .extracting(RunListener.EpochDone::validationLoss)
                .isEqualTo(straight.epochs.subList(step / 4, 3).stream()
                        .map(RunListener.EpochDone::validationLoss)
                        .toList());
        assertThat(resumed.epochs)
                .extracting(RunListener.EpochDone::trainLoss)
                .isEqualTo(straight.epochs.subList(step / 4, 3).stream()
                        .map(RunListener.EpochDone::trainLoss)
                        .toList());
    }

    @Test
    void endsAtTheStepLimitWithAnEvaluatedEpoch() {
        Recorder run = run(plan(4, 6, 0, 0), 0);
        assertThat(run.steps).hasSize(6);
        assertThat(run.epochs).extracting(RunListener.EpochDone::step).containsExactly(4, 6);
    }

    @Test
    void endsWhenPatienceIsOut() {
        // At this rate nothing is learned after the first steps.
        TrainingPlan restless = new TrainingPlan(
                SIZES,
                50,
                0,
                4,
                2,
                new TrainingPlan.Rates(Shape.CONSTANT, 0.5, 0, 0),
                adamW(),
                Dropout.NONE,
                7,
                2,
                0,
                0);
        Recorder run = run(restless, 0);
        assertThat(run.epochs.size()).isLessThan(50);
        assertThat(run.epochs.subList(run.epochs.size() - 2, run.epochs.size())).noneMatch(RunListener.EpochDone::best);
    }

    @Test
    void evaluatesEveryTokenOnce() throws IOException {
        TokenFile split = TokenFiles.cycle(folder, 3 * 16 + 8, VOCABULARY, 3);
        GptConfig config = SIZES.withVocabulary(VOCABULARY);
        try (Gpt gpt = Gpt.compile(manager, config, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, config, 1)) {
            double inTwos = new Evaluation(split, 16, 2).meanLoss(manager, gpt, weights, () -> false);
            double atOnce = new Evaluation(split, 16, 100).meanLoss(manager, gpt, weights, () -> false);
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
        assertThatThrownBy(() -> new Evaluation(tooShort, 16, 4))
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

    private static AdamW.Settings adamW() {
        return new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, 1);
    }

    private static TrainingPlan plan(int epochs, int maxSteps, int checkpointEverySteps, int patience) {
        return new TrainingPlan(
                SIZES,
                epochs,
                maxSteps,
                4,
                2,
                new TrainingPlan.Rates(Shape.COSINE, 0.01, 0.001, 3),
                adamW(),
                new Dropout(0.1, 0.1, 0.1),
                7,
                patience,
                checkpointEverySteps,
                0);
    }

    /** Runs the plan from the checkpoint that a run of it left at {@code fromStep}. */
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
        try (Gpt gpt = Gpt.compile(manager, config, plan.dropout(), Precision.FLOAT32);
                GptWeights weights = from == null
                        ? GptWeights.random(manager, config, plan.seed())
                        : GptWeights.load(manager, config, SafeTensors.read(from.resolve("model")));
                AdamW optimizer = new AdamW(manager, weights, plan.optimizer())) {
            if (from != null) {
                optimizer.restore(SafeTensors.read(from.resolve("optimizer")));
            }
            return new TrainingLoop(
                            plan,
                            gpt,
                            weights,
                            optimizer,
                            new SequenceOrder(train, 16, plan.seed()),
                            new Evaluation(validation, 16, 4),
                            state,
                            recorder,
                            System::nanoTime)
                    .run(manager);
        }
    }

    /** Keeps what it is told; saves a checkpoint at one step and asks to stop there. */
    private static final class Recorder implements RunListener {
        final List<StepDone> steps = new ArrayList<>();
        final List<EpochDone> epochs = new ArrayList<>();
        private final Path folder;
        private final int stopAt;
        TrainerState saved;

        Recorder(Path folder, int stopAt) {
            this.folder = folder;
            this.stopAt = stopAt;
        }

        List<Double> losses() {
            return steps.stream().map(StepDone::loss).toList();
        }

        @Override
        public void stepDone(StepDone step) {
            steps.add(step);
        }

        @Override
        public void checkpointDue(TrainerState state, GptWeights weights, AdamW optimizer, double trainLoss) {
            save(state, weights, optimizer);
        }

        @Override
        public void epochDone(EpochDone epoch, TrainerState state, GptWeights weights, AdamW optimizer) {
            epochs.add(epoch);
            save(state, weights, optimizer);
        }

        private void save(TrainerState state, GptWeights weights, AdamW optimizer) {
            if (state.step() != stopAt) {
                return;
            }
            saved = state;
            try {
                SafeTensors.write(folder.resolve("model"), weights.snapshot());
                SafeTensors.write(folder.resolve("optimizer"), optimizer.snapshot());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean stopRequested() {
            return saved != null;
        }
    }
}
