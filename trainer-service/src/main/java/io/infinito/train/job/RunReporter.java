package io.infinito.train.job;

import io.infinito.checkpoint.TrainerState;
import io.infinito.events.ProtoJson;
import io.infinito.safetensors.TensorSource;
import io.infinito.train.Evaluation;
import io.infinito.train.Learner;
import io.infinito.train.RunListener;
import io.infinito.train.checkpoint.CheckpointSnapshot;
import io.infinito.train.checkpoint.CheckpointStore;
import io.infinito.train.checkpoint.CheckpointStore.Published;
import io.infinito.train.checkpoint.CheckpointWriter;
import io.infinito.train.checkpoint.JobRecord;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.EvaluationResult;
import io.infinito.training.v1.Sample;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/** Turns what the loop tells into statuses, checkpoints and epoch events, in the background but for the copies. */
final class RunReporter implements RunListener, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(RunReporter.class);

    private final TrainingJob job;
    private final int attempt;
    private final String bucket;
    private final JobStatus status;
    private final JobRecord record;
    private final CheckpointStore checkpoints;
    private final EpochOutbox outbox;
    private final RunLog log;
    private final TrainerMetrics metrics;
    private final ArithmeticPeak peak;
    private final BooleanSupplier stop;
    private final CheckpointWriter writer;
    /** On the uploading thread: an upload may be repeated after its event was handed over. */
    private int toldEpoch;

    RunReporter(
            TrainingJob job,
            int attempt,
            String bucket,
            JobStatus status,
            JobRecord record,
            CheckpointStore checkpoints,
            EpochOutbox outbox,
            RunLog log,
            TrainerMetrics metrics,
            ArithmeticPeak peak,
            BooleanSupplier stop) {
        this.job = job;
        this.attempt = attempt;
        this.bucket = bucket;
        this.status = status;
        this.record = record;
        this.checkpoints = checkpoints;
        this.outbox = outbox;
        this.log = log;
        this.metrics = metrics;
        this.peak = peak;
        this.stop = stop;
        writer = new CheckpointWriter(checkpoints::stage, this::upload, this::trouble, job.retention());
    }

    @Override
    public void stepDone(StepDone step) {
        log.step(step, status.step(step, System.nanoTime()));
        metrics.step(step.tokens());
    }

    @Override
    public void betweenSteps() {
        peak.measureNowAndThen();
        status.peak(peak.flopsPerSecond());
    }

    @Override
    public void checkpointDue(TrainerState state, Learner learner, double trainLoss) {
        writer.offer(() -> CheckpointSnapshot.of(learner, state, trainLoss, Double.POSITIVE_INFINITY));
    }

    @Override
    public void bestInsideEpoch(TrainerState state, Learner learner, double trainLoss, double validationLoss) {
        status.best(state.bestValidationLoss());
        writer.submit(() -> CheckpointSnapshot.of(learner, state, trainLoss, validationLoss), Optional.empty());
    }

    /** Waits for the store: the best checkpoint may still be on its way. */
    @Override
    public TensorSource model(int step) {
        writer.await();
        return checkpoints.model(step);
    }

    @Override
    public void epochDone(EpochDone epoch, TrainerState state, Learner learner) {
        status.best(state.bestValidationLoss());
        log.epoch(epoch);
        writer.submit(
                () -> CheckpointSnapshot.of(learner, state, epoch.trainLoss(), epoch.validationLoss()),
                Optional.of(epoch));
    }

    /** The run stops here: its last step is kept, so that the next attempt loses nothing. */
    void stopped(CheckpointSnapshot last) {
        writer.submit(() -> last, Optional.empty());
    }

    @Override
    public boolean stopRequested() {
        return stop.getAsBoolean() || writer.hasFailed();
    }

    /**
     * Returns when every checkpoint is in the store and every event with the broker.
     *
     * @throws RuntimeException what one of them failed with
     */
    void await() {
        writer.await();
        outbox.await();
    }

    @Override
    public void close() {
        writer.close();
    }

    /** On the uploading thread. */
    private void upload(CheckpointWriter.Upload upload) {
        long start = System.nanoTime();
        Optional<Published> published = upload.files()
                .map(files -> checkpoints.publish(
                        files, checkpoint -> upload.epoch().ifPresent(e -> keep(event(e, checkpoint)))));
        published.ifPresent(checkpoint -> {
            metrics.checkpoint(System.nanoTime() - start);
            status.checkpoint(JobStatus.reference(bucket, checkpoint));
        });
        boolean served = upload.isBest()
                && published
                        .filter(RunReporter::isMeasured)
                        .filter(checkpoints::serve)
                        .isPresent();
        upload.epoch().filter(epoch -> epoch.epoch() > toldEpoch).ifPresent(epoch -> tell(epoch, published, served));
        published.ifPresent(checkpoint ->
                checkpoints.removeOld(job.retention(), upload.state().bestStep()));
    }

    private static boolean isMeasured(Published checkpoint) {
        return Double.isFinite(checkpoint.manifest().validationLoss());
    }

    private void tell(EpochDone epoch, Optional<Published> checkpoint, boolean served) {
        EpochCompleted.Builder event = checkpoint
                .map(c -> event(epoch, c))
                .orElseGet(() -> event(epoch))
                .setServed(served);
        keep(event);
        EpochCompleted done = event.build();
        log.epoch(ProtoJson.print(done));
        log.upload(status.peek());
        outbox.add(done);
        toldEpoch = epoch.epoch();
        metrics.epoch();
    }

    private void keep(EpochCompleted.Builder event) {
        record.keepEpoch(event.getEpoch(), ProtoJson.print(event.build()));
    }

    private void trouble(String message) {
        if (!message.isEmpty()) {
            LOG.warnf("a checkpoint of job %s waits for the store: %s", job.jobId(), message);
            metrics.checkpointFailed();
        }
        status.error(message);
    }

    private EpochCompleted.Builder event(EpochDone epoch, Published checkpoint) {
        return event(epoch).setCheckpoint(JobStatus.reference(bucket, checkpoint));
    }

    private EpochCompleted.Builder event(EpochDone epoch) {
        EpochCompleted.Builder event = EpochCompleted.newBuilder()
                .setJobId(job.jobId())
                .setModelName(job.modelName())
                .setEpoch(epoch.epoch())
                .setEpochs(job.plan().epochs())
                .setStep(epoch.step())
                .setTrainLoss(epoch.trainLoss())
                .setTrainPerplexity(Math.exp(epoch.trainLoss()))
                .setValidationLoss(epoch.validationLoss())
                .setValidationPerplexity(Math.exp(epoch.validationLoss()))
                .setLearningRate(epoch.learningRate())
                .setTokensPerSecond(epoch.tokensPerSecond())
                .setSeconds(epoch.seconds())
                .setBest(epoch.best())
                .setAttempt(attempt)
                .setCompletedAt(Instant.now().toString())
                // An epoch has one event, so that its number is the same whoever writes it.
                .setSequence(epoch.epoch())
                .setValidation(result(epoch.validation()));
        epoch.test().ifPresent(test -> event.setTest(result(test)));
        epoch.continuations()
                .forEach(made -> event.addSamples(
                        Sample.newBuilder().setPrompt(made.prompt()).setContinuation(made.text())));
        return event;
    }

    private static EvaluationResult result(Evaluation.Result measured) {
        return EvaluationResult.newBuilder()
                .setLoss(measured.loss())
                .setPerplexity(measured.perplexity())
                .setWordPerplexity(measured.wordPerplexity())
                .setBitsPerByte(measured.bitsPerByte())
                .setTokens(measured.tokens())
                .build();
    }
}
