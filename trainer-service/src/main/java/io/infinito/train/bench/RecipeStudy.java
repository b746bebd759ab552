package io.infinito.train.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.TrainerState;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.safetensors.TensorSource;
import io.infinito.tokenizer.Tokenizer;
import io.infinito.train.Assessment;
import io.infinito.train.Continuations;
import io.infinito.train.Evaluation;
import io.infinito.train.Learner;
import io.infinito.train.RunListener;
import io.infinito.train.SequenceOrder;
import io.infinito.train.TokenDropout;
import io.infinito.train.TrainStep;
import io.infinito.train.TrainingLoop;
import io.infinito.train.TrainingPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the ingredients of a recipe against overfitting do, one run a process, on a scale that a CPU can train: the product's own training
 * loop, with a vocabulary of the training text's most frequent tokens and one token for all others. {@code recipes/study} starts it.
 */
public final class RecipeStudy {
    private final StudySettings settings;
    private final TrainingPlan plan;

    RecipeStudy(StudySettings settings) {
        this.settings = settings;
        plan = settings.plan();
    }

    /** Exit codes: 0 trained, 2 wrong arguments. Prints one line: the run, and perplexities of the validation text. */
    public static void main(String[] arguments) throws IOException {
        StudySettings settings;
        try {
            settings = StudySettings.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("recipes/study: " + e.getMessage());
            System.exit(2);
            return;
        }
        System.out.println(new RecipeStudy(settings).run());
    }

    /** Trains to the end and tells of the best and the last epoch. */
    String run() throws IOException {
        Engine engine = Engine.getEngine("PyTorch");
        Device device = engine.getGpuCount() > 0 ? Device.gpu() : Device.cpu();
        GptConfig config = plan.sizes().withVocabulary(settings.vocabulary());
        try (Tokenizer tokenizer = Tokenizer.gpt2();
                NDManager manager = engine.newBaseManager(device);
                Gpt gpt = Gpt.compile(
                        manager,
                        config,
                        plan.dropout(),
                        plan.noise().labelSmoothing(),
                        device.isGpu() ? Precision.BFLOAT16 : Precision.FLOAT32);
                Learner learner = Learner.start(manager, GptWeights.random(manager, config, plan.seed()), plan)) {
            int[] text = tokenizer.encode(Files.readString(settings.train()));
            int[] trainIds = Arrays.copyOf(text, Math.min(text.length, settings.trainTokens()));
            Map<Integer, Integer> frequent = frequent(trainIds, settings.vocabulary() - 1);
            TokenFile train = renumbered(trainIds, frequent);
            int[] other = tokenizer.encode(Files.readString(settings.validation()));
            TokenFile validation =
                    renumbered(Arrays.copyOf(other, Math.min(other.length, settings.validationTokens())), frequent);
            Epochs epochs = new Epochs();
            new TrainingLoop(
                            plan,
                            gpt,
                            learner,
                            new SequenceOrder(
                                    train,
                                    plan.sizes().context(),
                                    plan.seed(),
                                    plan.noise().randomOffset()),
                            new TokenDropout(train, plan.noise().tokenDropout(), plan.seed()),
                            new Assessment(
                                    new Evaluation(
                                            new Evaluation.Split("validation", validation, 0, 0),
                                            plan.sizes().context(),
                                            4 * plan.batchSize()),
                                    Optional.empty(),
                                    new Continuations(tokenizer, plan.samples())),
                            TrainerState.START,
                            TrainStep.usualReadBack(device),
                            epochs,
                            System::nanoTime)
                    .run(manager);
            return epochs.line(config);
        }
    }

    /** Tokens by their new ids; those that are not in it are one more. */
    private static Map<Integer, Integer> frequent(int[] ids, int count) {
        Map<Integer, Integer> times = new HashMap<>();
        for (int id : ids) {
            times.merge(id, 1, Integer::sum);
        }
        List<Integer> order = times.keySet().stream()
                .sorted(Comparator.comparing((Integer id) -> -times.get(id)).thenComparing(id -> id))
                .limit(count)
                .toList();
        Map<Integer, Integer> frequent = new HashMap<>();
        order.forEach(id -> frequent.put(id, frequent.size()));
        return frequent;
    }

    private TokenFile renumbered(int[] ids, Map<Integer, Integer> frequent) throws IOException {
        int rare = settings.vocabulary() - 1;
        return MappedTokens.of(
                Arrays.stream(ids).map(id -> frequent.getOrDefault(id, rare)).toArray());
    }

    /** Keeps the epochs; has no checkpoints. */
    private final class Epochs implements RunListener {
        private EpochDone best;
        private EpochDone last;

        private String line(GptConfig config) {
            return String.format(
                    Locale.ROOT,
                    "%s seed=%d parameters=%d best=%.1f epoch=%d/%d last=%.1f trainLossAtBest=%.2f trainLossLast=%.2f",
                    settings.run(),
                    plan.seed(),
                    config.parameterCount(),
                    best.validation().perplexity(),
                    best.epoch(),
                    last.epoch(),
                    last.validation().perplexity(),
                    best.trainLoss(),
                    last.trainLoss());
        }

        @Override
        public void epochDone(EpochDone epoch, TrainerState state, Learner learner) {
            last = epoch;
            if (epoch.best()) {
                best = epoch;
            }
            System.err.printf(
                    Locale.ROOT,
                    "%s epoch %d: training loss %.3f, validation perplexity %.1f, %.0f s%n",
                    settings.run(),
                    epoch.epoch(),
                    epoch.trainLoss(),
                    epoch.validation().perplexity(),
                    epoch.seconds());
        }

        @Override
        public void stepDone(StepDone step) {
            // Epochs are what is compared.
        }

        @Override
        public void betweenSteps() {
            // Speed is not compared.
        }

        @Override
        public void checkpointDue(TrainerState state, Learner learner, double trainLoss) {
            throw new IllegalStateException("the study's plans have no checkpoints");
        }

        @Override
        public void bestInsideEpoch(TrainerState state, Learner learner, double trainLoss, double validationLoss) {
            throw new IllegalStateException("the study's plans have no evaluations inside epochs");
        }

        @Override
        public TensorSource model(int step) {
            throw new IllegalStateException("the study has no test text");
        }

        @Override
        public boolean stopRequested() {
            return false;
        }
    }
}
