package io.infinito.train.job;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.checkpoint.TrainerState;
import io.infinito.dataset.LocalDataset;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.storage.ObjectStore;
import io.infinito.tokenizer.Tokenizer;
import io.infinito.train.Evaluation;
import io.infinito.train.SequenceOrder;
import io.infinito.train.TrainingLoop;
import io.infinito.train.TrainingLoop.Ending;
import io.infinito.train.TrainingPlan;
import io.infinito.train.checkpoint.CheckpointSnapshot;
import io.infinito.train.checkpoint.CheckpointStore;
import io.infinito.train.checkpoint.CheckpointWriter;
import io.infinito.train.checkpoint.JobFence;
import io.infinito.train.checkpoint.JobRecord;
import io.infinito.train.checkpoint.StoredCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One attempt at a job whose tokens are there: from the latest checkpoint, if there is one, to the end of the plan. */
final class TrainingAttempt {
    private final TrainingJob job;
    private final JobFence fence;
    private final ObjectStore store;
    private final JobRecord record;
    private final JobStatus status;
    private final JobEvents events;
    private final Path workFolder;

    TrainingAttempt(
            TrainingJob job,
            JobFence fence,
            ObjectStore store,
            JobRecord record,
            JobStatus status,
            JobEvents events,
            Path workFolder) {
        this.job = job;
        this.fence = fence;
        this.store = store;
        this.record = record;
        this.status = status;
        this.events = events;
        this.workFolder = workFolder;
    }

    /** Trains. Where it is asked to stop it leaves a checkpoint of the last step. */
    Ending run(LocalDataset tokens, String defaultDevice, BooleanSupplier stop) {
        TrainingPlan plan = job.plan();
        DatasetManifest dataset = tokens.manifest();
        int context = plan.sizes().context();
        SequenceOrder sequences = new SequenceOrder(tokens.split("train"), context, plan.seed());
        Evaluation evaluation = new Evaluation(tokens.split("validation"), context, plan.batchSize());
        GptConfig config = plan.sizes().withVocabulary(dataset.getVocabularySize());
        Engine engine = Engine.getEngine("PyTorch");
        Device device = Devices.choose(engine, job.device(), defaultDevice);
        Precision precision = device.isGpu() ? Precision.BFLOAT16 : Precision.FLOAT32;
        try (Tokenizer tokenizer = tokenizer(dataset);
                CheckpointWriter writer = new CheckpointWriter();
                NDManager manager = engine.newBaseManager(device);
                Gpt gpt = Gpt.compile(manager, config, plan.dropout(), precision)) {
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
            Optional<StoredCheckpoint> resumed = checkpoints.latest();
            TrainerState state = resumed.map(StoredCheckpoint::state).orElse(TrainerState.START);
            try (GptWeights weights = resumed.map(c -> GptWeights.load(manager, config, c.model()))
                            .orElseGet(() -> GptWeights.random(manager, config, plan.seed()));
                    AdamW optimizer = new AdamW(manager, weights, plan.optimizer())) {
                resumed.ifPresent(c -> optimizer.restore(c.optimizer()));
                status.begin(
                        state.step(),
                        TrainingLoop.totalSteps(plan, sequences.size()),
                        plan.epochs(),
                        config.parameterCount(),
                        device.isGpu() ? "cuda:" + device.getDeviceId() : "cpu",
                        System.nanoTime());
                status.best(state.bestValidationLoss());
                TrainingLoop loop = new TrainingLoop(
                        plan,
                        gpt,
                        weights,
                        optimizer,
                        sequences,
                        evaluation,
                        state,
                        new RunReporter(
                                job,
                                fence.attempt(),
                                store.bucket(),
                                status,
                                events,
                                record,
                                checkpoints,
                                writer,
                                stop),
                        System::nanoTime);
                Ending ending = loop.run(manager);
                writer.await();
                if (ending == Ending.STOPPED && loop.state().step() > state.step()) {
                    checkpoints.publish(CheckpointSnapshot.of(
                            weights, optimizer, loop.state(), loop.epochLoss(), Double.POSITIVE_INFINITY));
                }
                return ending;
            }
        }
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

    /** An empty folder for one job. */
    static Path workFolder(Path parent, String jobId) {
        try {
            return Files.createDirectories(parent.resolve("jobs").resolve(jobId));
        } catch (IOException e) {
            throw new UncheckedIOException("infinito.trainer.work-folder=" + parent + ": " + e.getMessage(), e);
        }
    }
}
