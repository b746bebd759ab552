package io.infinito.train.job;

import ai.djl.Device;
import io.infinito.train.RunListener.StepDone;
import io.infinito.train.checkpoint.CheckpointStore.Published;
import io.infinito.training.v1.CheckpointRef;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import java.time.Duration;
import java.time.Instant;

/** The status of a job as it grows. Written by the training thread, read by the one that publishes. */
final class JobStatus {
    /** Weight of the newest step in the shown speed. */
    private static final double SPEED_SMOOTHING = 0.1;

    private final TrainJobStatus.Builder status = TrainJobStatus.newBuilder();
    private long startNanos;
    private long lastStepNanos;
    private int startStep;
    private double arithmeticPerToken;
    private double peakArithmetic;
    private Device device = Device.cpu();

    JobStatus(String jobId, String modelName) {
        status.setJobId(jobId).setModelName(modelName);
    }

    synchronized void phase(Phase phase) {
        status.setPhase(phase);
    }

    synchronized void attempt(int attempt) {
        status.setAttempt(attempt);
    }

    synchronized void dataset(String datasetId) {
        status.setDatasetId(datasetId);
    }

    /** The run begins at {@code step}, which is not 0 where it goes on from a checkpoint. */
    synchronized void begin(int step, int totalSteps, int epochs, long parameters, String device, long nanoTime) {
        status.setPhase(Phase.RUNNING)
                .setStep(step)
                .setTotalSteps(totalSteps)
                .setEpochs(epochs)
                .setParameters(parameters)
                .setDevice(device);
        startStep = step;
        startNanos = nanoTime;
        lastStepNanos = nanoTime;
    }

    /** Floating-point operations that a token costs, from which the share of the machine is counted. */
    synchronized void arithmetic(double flopsPerToken) {
        arithmeticPerToken = flopsPerToken;
    }

    /** Floating-point operations a second that the device was measured to do at most. */
    synchronized void peak(double flopsPerSecond) {
        peakArithmetic = flopsPerSecond;
    }

    /** The device whose memory is shown. */
    synchronized void device(Device used) {
        device = used;
    }

    /** Returns the tokens a second of this step. */
    synchronized double step(StepDone done, long nanoTime) {
        double speed = done.tokens() / done.seconds();
        double shown = status.getTokensPerSecond();
        lastStepNanos = nanoTime;
        double secondsAStep = (nanoTime - startNanos) / 1e9 / (done.step() - startStep);
        status.setStep(done.step())
                .setEpoch(done.epoch())
                .setLoss(done.loss())
                .setLearningRate(done.learningRate())
                .setGradientNorm(done.gradientNorm())
                .setSkippedSteps(done.skippedSteps())
                .setTokensPerSecond(shown == 0 ? speed : shown + SPEED_SMOOTHING * (speed - shown))
                .setPercent(100.0 * done.step() / status.getTotalSteps())
                .setEtaSeconds(secondsAStep * (status.getTotalSteps() - done.step()));
        if (peakArithmetic > 0) {
            status.setMfu(status.getTokensPerSecond() * arithmeticPerToken / peakArithmetic);
        }
        return speed;
    }

    /** Zero before the run has begun. */
    synchronized Duration sinceLastStep(long nanoTime) {
        return status.getPhase() == Phase.RUNNING ? Duration.ofNanos(nanoTime - lastStepNanos) : Duration.ZERO;
    }

    synchronized void best(double validationLoss) {
        if (Double.isFinite(validationLoss)) {
            status.setBestValidationLoss(validationLoss);
        }
    }

    synchronized void checkpoint(CheckpointRef checkpoint) {
        status.setLastCheckpoint(checkpoint);
    }

    /** What keeps the job's results from being kept, or the job from going on, for now; empty: nothing. */
    synchronized void error(String error) {
        status.setError(error);
    }

    /** The job ends. */
    TrainJobStatus end(Phase phase, String error) {
        synchronized (this) {
            status.setPhase(phase).setError(error).setEtaSeconds(0);
        }
        return snapshot();
    }

    /** To be published. */
    TrainJobStatus snapshot() {
        long resident = ProcessMemory.residentBytes();
        long onDevice = ProcessMemory.deviceBytes(device());
        synchronized (this) {
            return status.setResidentMemoryBytes(resident)
                    .setDeviceMemoryBytes(onDevice)
                    .setUpdatedAt(Instant.now().toString())
                    .build();
        }
    }

    private synchronized Device device() {
        return device;
    }

    /** As it was last published, with what has happened since. */
    synchronized TrainJobStatus peek() {
        return status.build();
    }

    static CheckpointRef reference(String bucket, Published checkpoint) {
        return CheckpointRef.newBuilder()
                .setBucket(bucket)
                .setManifestKey(checkpoint.manifestKey())
                .setManifestSha256(checkpoint.manifestSha256())
                .build();
    }
}
