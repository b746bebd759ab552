package io.infinito.train.job;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.TrainerState;
import io.infinito.dataset.LocalDataset;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.gpt.GemmPeak;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.storage.ObjectStore;
import io.infinito.tokenizer.Tokenizer;
import io.infinito.train.Assessment;
import io.infinito.train.Continuations;
import io.infinito.train.DivergedException;
import io.infinito.train.Evaluation;
import io.infinito.train.Learner;
import io.infinito.train.SequenceOrder;
import io.infinito.train.TokenDropout;
import io.infinito.train.TrainStep;
import io.infinito.train.TrainingLoop;
import io.infinito.train.TrainingLoop.Ending;
import io.infinito.train.TrainingPlan;
import io.infinito.train.checkpoint.CheckpointSnapshot;
import io.infinito.train.checkpoint.CheckpointStore;
import io.infinito.train.checkpoint.JobFence;
import io.infinito.train.checkpoint.JobRecord;
import io.infinito.train.checkpoint.StagedCheckpoint;
import io.infinito.train.checkpoint.StoredCheckpoint;
import io.infinito.training.v1.EpochCompleted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One attempt at a job whose tokens are there: from the latest checkpoint, if there is one, to the end of the plan. */
final class TrainingAttempt {
    /** Weights, gradients and two moments; a float each. */
    private static final long BYTES_PER_PARAMETER = 16;

    private static final double GIGA = 1e9;

    private final TrainingJob job;
    private final JobFence fence;
    private final ObjectStore store;
    private final JobRecord record;
    private final JobStatus status;
    private final EpochOutbox outbox;
    private final ToldEpochs told;
    private final TrainerMetrics metrics;
    private final Path workFolder;

    /**
     * An attempt that is ready to start.
     *
     * @param told what the topic has by now
     * @param workFolder empty, and this attempt's own
     */
    TrainingAttempt(
            TrainingJob job,
            JobFence fence,
            ObjectStore store,
            JobRecord record,
            JobStatus status,
            EpochOutbox outbox,
            ToldEpochs told,
            TrainerMetrics metrics,
            Path workFolder) {
        this.job = job;
        this.fence = fence;
        this.store = store;
        this.record = record;
        this.status = status;
        this.outbox = outbox;
        this.told = told;
        this.metrics = metrics;
        this.workFolder = workFolder;
    }

    /** Trains. Where it is asked to stop it leaves a checkpoint of the last step. Returns when all is published. */
    Ending run(LocalDataset tokens, RunSettings settings, BooleanSupplier stop) {
        DatasetManifest dataset = tokens.manifest();
        Engine engine = Engine.getEngine("PyTorch");
        Device device = Devices.choose(engine, job.device(), settings.device());
        Precision precision = device.isGpu() ? Precision.BFLOAT16 : Precision.FLOAT32;
        Optional<StoredCheckpoint> resumed = CheckpointStore.latest(store, job.jobId(), workFolder);
        Optional<InitialModel> initial =
                resumed.isPresent() ? Optional.empty() : InitialModel.find(job.initFrom(), store, workFolder);
        initial.ifPresent(model -> {
            model.checkSizes(job.model());
            model.checkTokenizer(dataset);
        });
        TrainingPlan plan = resumed.map(c -> sizes(c.config()))
                .or(() -> initial.map(InitialModel::sizes))
                .map(job.plan()::withSizes)
                .orElse(job.plan());
        GptConfig config = plan.sizes().withVocabulary(dataset.getVocabularySize());
        int context = plan.sizes().context();
        SequenceOrder sequences = new SequenceOrder(
                tokens.split("train"), context, plan.seed(), plan.noise().randomOffset());
        TrainerState state = resumed.map(StoredCheckpoint::state).orElse(TrainerState.START);
        requireMemory(config, plan, device);
        try (Tokenizer tokenizer = tokenizer(dataset);
                NDManager manager = engine.newBaseManager(device);
                Gpt gpt = Gpt.compile(
                        manager, config, plan.dropout(), plan.noise().labelSmoothing(), precision);
                Learner learner = resumed.map(c -> Learner.resume(manager, config, plan, c.model(), c.optimizer()))
                        .orElseGet(() -> Learner.start(manager, firstWeights(manager, config, plan, initial), plan))) {
            CheckpointStore checkpoints = new CheckpointStore(
                    store,
                    fence,
                    new CheckpointStore.Lineage(
                            job.jobId(),
                            job.modelName(),
                            config,
                            dataset.getDatasetId(),
                            dataset.getDigest(),
                            tokenizer),
                    workFolder);
            List<String> epochs = catchUp(checkpoints, state);
            int totalSteps = TrainingLoop.totalSteps(plan, sequences.size());
            RunLog log = RunLog.open(store, job, fence.attempt(), state.step(), totalSteps, epochs, workFolder);
            status.arithmetic(config.trainingFlopsPerToken());
            status.device(device);
            status.begin(
                    state.step(),
                    totalSteps,
                    plan.epochs(),
                    config.parameterCount(),
                    device.isGpu() ? "cuda:" + device.getDeviceId() : "cpu",
                    System.nanoTime());
            status.best(state.bestValidationLoss());
            try (GemmPeak product = GemmPeak.square(manager, precision, System::nanoTime);
                    RunReporter reporter = new RunReporter(
                            job,
                            fence.attempt(),
                            store.bucket(),
                            status,
                            record,
                            checkpoints,
                            outbox,
                            log,
                            metrics,
                            new ArithmeticPeak(() -> product.measureAnew() * GIGA, System::nanoTime),
                            stop)) {
                TrainingLoop loop = new TrainingLoop(
                        plan,
                        gpt,
                        learner,
                        sequences,
                        new TokenDropout(tokens.split("train"), plan.noise().tokenDropout(), plan.seed()),
                        assessment(tokens, plan, tokenizer),
                        state,
                        settings.readBackEvery() > 0 ? settings.readBackEvery() : TrainStep.usualReadBack(device),
                        reporter,
                        System::nanoTime);
                return run(loop, manager, learner, reporter, log);
            }
        }
    }

    private Ending run(TrainingLoop loop, NDManager manager, Learner learner, RunReporter reporter, RunLog log) {
        int before = loop.state().step();
        try {
            Ending ending = loop.run(manager);
            if (ending == Ending.STOPPED) {
                keepLastStep(loop, learner, reporter, before);
            }
            return ending;
        } catch (DivergedException e) {
            // The weights are those of the last good step, which the job's request may be worth going on from.
            keepLastStep(loop, learner, reporter, before);
            throw e;
        } finally {
            // What was reached before a failure is kept too.
            reporter.await();
            fence.check();
            log.upload(status.peek());
        }
    }

    private void keepLastStep(TrainingLoop loop, Learner learner, RunReporter reporter, int firstStep) {
        if (loop.state().step() > firstStep && !fence.isReplaced()) {
            reporter.stopped(CheckpointSnapshot.of(learner, loop.state(), loop.epochLoss(), Double.POSITIVE_INFINITY));
        }
    }

    /** What an attempt that died had not done yet. Returns the events of the epochs before {@code state}. */
    private List<String> catchUp(CheckpointStore checkpoints, TrainerState state) {
        checkpoints.serveBest(state.bestStep());
        List<String> epochs = record.epochs().stream()
                .filter(json -> ToldEpochs.read(json).getEpoch() <= state.epoch())
                .toList();
        for (String json : epochs) {
            EpochCompleted epoch = ToldEpochs.read(json);
            if (!told.contains(epoch)) {
                outbox.add(epoch.toBuilder()
                        .setServed(epoch.getBest()
                                && checkpoints.isServed(epoch.getCheckpoint().getManifestKey()))
                        .build());
            }
        }
        return epochs;
    }

    /** Linux would grant the memory and kill the process when it is used, again and again at each attempt. */
    private static void requireMemory(GptConfig config, TrainingPlan plan, Device device) {
        long bytes = plan.emaDecay() > 0 ? BYTES_PER_PARAMETER + Float.BYTES : BYTES_PER_PARAMETER;
        long needed = Math.multiplyExact(config.parameterCount(), bytes);
        long limit = ProcessMemory.limitBytes();
        if (!device.isGpu() && needed > limit) {
            throw new IllegalArgumentException(
                    "out of memory: model with %,d parameters needs %,d MB for weights, gradients and moments, but this trainer has %,d MB: choose smaller model.layers, model.hidden or model.preset"
                            .formatted(config.parameterCount(), needed >> 20, limit >> 20));
        }
    }

    private static TrainingPlan.Sizes sizes(GptConfig config) {
        return new TrainingPlan.Sizes(
                config.layers(), config.hidden(), config.heads(), config.context(), config.tiedHead());
    }

    private static GptWeights firstWeights(
            NDManager manager, GptConfig config, TrainingPlan plan, Optional<InitialModel> initial) {
        return initial.map(model -> GptWeights.load(manager, config, model.weights()))
                .orElseGet(() -> GptWeights.random(manager, config, plan.seed()));
    }

    private static Assessment assessment(LocalDataset tokens, TrainingPlan plan, Tokenizer tokenizer) {
        return new Assessment(
                evaluation(tokens, "validation", plan),
                tokens.manifest().getSplitsList().stream()
                        // A test split that is too short to measure anything is no reason to refuse the training.
                        .filter(split -> split.getName().equals("test")
                                && split.getTokens() > plan.sizes().context())
                        .findFirst()
                        .map(split -> evaluation(tokens, split.getName(), plan)),
                new Continuations(tokenizer, plan.samples()));
    }

    private static Evaluation evaluation(LocalDataset tokens, String name, TrainingPlan plan) {
        SplitManifest split = tokens.manifest().getSplitsList().stream()
                .filter(candidate -> candidate.getName().equals(name))
                .findFirst()
                .orElse(SplitManifest.getDefaultInstance());
        return new Evaluation(
                new Evaluation.Split(name, tokens.split(name), split.getWords(), split.getBytes()),
                plan.sizes().context(),
                plan.batchSize());
    }

    private Tokenizer tokenizer(DatasetManifest dataset) {
        String name = dataset.getSpec().getTokenizer();
        Tokenizer tokenizer;
        try {
            tokenizer = name.isEmpty() || name.equals("gpt2") ? Tokenizer.gpt2() : Tokenizer.fromFile(Path.of(name));
        } catch (IOException e) {
            throw new UncheckedIOException("dataset.tokenizer='" + name + "' cannot be read: " + e.getMessage(), e);
        }
        if (!tokenizer.sha256().equals(dataset.getTokenizerSha256())) {
            tokenizer.close();
            throw new IllegalArgumentException("dataset.tokenizer='" + name + "' is " + tokenizer.sha256()
                    + " here, but the dataset was made with " + dataset.getTokenizerSha256());
        }
        return tokenizer;
    }

    /**
     * An empty folder for one attempt. What earlier attempts on this machine left is removed: they are dead, or replaced and must stop.
     *
     * @throws UncheckedIOException if it cannot be made
     */
    static Path workFolder(Path parent, String jobId, int attempt) {
        Path ofJob = parent.resolve("jobs").resolve(jobId);
        try {
            StagedCheckpoint.deleteFolder(ofJob);
            return Files.createDirectories(ofJob.resolve("attempt-%04d".formatted(attempt)));
        } catch (IOException e) {
            throw new UncheckedIOException("infinito.trainer.work-folder=" + parent + " cannot be written: " + e, e);
        }
    }
}
