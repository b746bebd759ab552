package io.infinito.train.job;

import io.infinito.checkpoint.TrainerState;
import io.infinito.events.ProtoJson;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.GptWeights;
import io.infinito.train.RunListener;
import io.infinito.train.checkpoint.CheckpointSnapshot;
import io.infinito.train.checkpoint.CheckpointStore;
import io.infinito.train.checkpoint.CheckpointStore.Published;
import io.infinito.train.checkpoint.CheckpointWriter;
import io.infinito.train.checkpoint.JobRecord;
import io.infinito.training.v1.CheckpointRef;
import io.infinito.training.v1.EpochCompleted;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/** Turns what the loop tells into statuses, checkpoints and epoch events, in the background but for the copies. */
final class RunReporter implements RunListener {
    private final TrainingJob job;
    private final int attempt;
    private final String bucket;
    private final JobStatus status;
    private final JobEvents events;
    private final JobRecord record;
    private final CheckpointStore checkpoints;
    private final CheckpointWriter writer;
    private final BooleanSupplier stop;

    RunReporter(
            TrainingJob job,
            int attempt,
            String bucket,
            JobStatus status,
            JobEvents events,
            JobRecord record,
            CheckpointStore checkpoints,
            CheckpointWriter writer,
            BooleanSupplier stop) {
        this.job = job;
        this.attempt = attempt;
        this.bucket = bucket;
        this.status = status;
        this.events = events;
        this.record = record;
        this.checkpoints = checkpoints;
        this.writer = writer;
        this.stop = stop;
    }

    @Override
    public void stepDone(StepDone step) {
        status.step(step, System.nanoTime());
    }

    @Override
    public void checkpointDue(TrainerState state, GptWeights weights, AdamW optimizer, double trainLoss) {
        CheckpointSnapshot snapshot =
                CheckpointSnapshot.of(weights, optimizer, state, trainLoss, Double.POSITIVE_INFINITY);
        writer.submit(() -> {
            status.checkpoint(JobStatus.reference(bucket, checkpoints.publish(snapshot)));
            checkpoints.removeOld(job.plan().keepCheckpoints(), state.bestStep());
        });
    }

    @Override
    public void epochDone(EpochDone epoch, TrainerState state, GptWeights weights, AdamW optimizer) {
        status.best(state.bestValidationLoss());
        CheckpointSnapshot snapshot =
                CheckpointSnapshot.of(weights, optimizer, state, epoch.trainLoss(), epoch.validationLoss());
        writer.submit(() -> publish(epoch, state, snapshot));
    }

    private void publish(EpochDone epoch, TrainerState state, CheckpointSnapshot snapshot) {
        Published checkpoint = checkpoints.publish(snapshot);
        boolean served = epoch.best() && checkpoints.serve(checkpoint);
        CheckpointRef reference = JobStatus.reference(bucket, checkpoint);
        status.checkpoint(reference);
        EpochCompleted event = EpochCompleted.newBuilder()
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
                .setServed(served)
                .setCheckpoint(reference)
                .setAttempt(attempt)
                .setCompletedAt(Instant.now().toString())
                .build();
        record.keepEpoch(epoch.epoch(), ProtoJson.print(event));
        events.epoch(event);
        checkpoints.removeOld(job.plan().keepCheckpoints(), state.bestStep());
    }

    @Override
    public boolean stopRequested() {
        return stop.getAsBoolean() || writer.hasFailed();
    }
}
