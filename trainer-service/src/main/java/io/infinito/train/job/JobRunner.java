package io.infinito.train.job;

import io.infinito.dataset.LocalDataset;
import io.infinito.dataset.LocalDatasets;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageException;
import io.infinito.train.TrainingLoop.Ending;
import io.infinito.train.checkpoint.JobFence;
import io.infinito.train.checkpoint.JobRecord;
import io.infinito.train.checkpoint.StagedCheckpoint;
import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainJobStatus.Phase;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/** Brings a job to a terminal phase, whatever became of earlier attempts at it. */
@ApplicationScoped
public class JobRunner {
    /** The request must be handed to another trainer: this one is shutting down. */
    static final class HandedBackException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        HandedBackException(String jobId) {
            super("job " + jobId + " is handed back because this trainer stops");
        }
    }

    private static final Logger LOG = Logger.getLogger(JobRunner.class);
    private static final double MILLIS = 1e3;
    /** A process id may be another process's the next time, in a container it always is. */
    private static final String PROCESS = UUID.randomUUID().toString();

    private final ObjectStore store;
    private final JobEvents events;
    private final RunHistory history;
    private final Cancellations cancellations;
    private final LocalDatasets datasets;
    private final Heartbeat heartbeat;
    private final TrainerMetrics metrics;
    private final TrainerConfig config;
    private final RunSettings settings;

    private volatile boolean shuttingDown;
    /** Of the last attempt, unless its job has ended. */
    private volatile JobFence held;

    JobRunner(
            ObjectStore store,
            JobEvents events,
            RunHistory history,
            Cancellations cancellations,
            LocalDatasets datasets,
            Heartbeat heartbeat,
            TrainerMetrics metrics,
            TrainerConfig config) {
        this.store = store;
        this.events = events;
        this.history = history;
        this.cancellations = cancellations;
        this.datasets = datasets;
        this.heartbeat = heartbeat;
        this.metrics = metrics;
        this.config = config;
        settings = RunSettings.of(config);
    }

    /**
     * No further step is made; the running job is handed back. The store is told at once, without waiting for it: while uploads fail the
     * last checkpoint may take longer than this process has left, and the job's next trainer is not to take that for a death.
     */
    void shutDown() {
        shuttingDown = true;
        JobFence fence = held;
        if (fence != null) {
            Thread telling = new Thread(() -> letGo(fence), "letting-go");
            telling.setDaemon(true);
            telling.start();
        }
    }

    boolean isShuttingDown() {
        return shuttingDown;
    }

    /** Tells that a request cannot be run. */
    void reject(String jobId, String reason) {
        JobStatus status = new JobStatus(jobId, "");
        LOG.infof("job %s is rejected: %s", jobId, reason);
        events.status(status.end(Phase.REJECTED, reason));
    }

    /**
     * Runs a job to its end, and returns when its terminal status is published.
     *
     * @throws HandedBackException if this trainer stops before that
     * @throws StorageException if the store was unreachable for longer than its retries last; call again
     * @throws KafkaException if the broker was; call again
     */
    void run(TrainingJob job) {
        JobRecord record = new JobRecord(store, job.jobId());
        if (!record.claim(job.canonicalJson())) {
            reject(
                    job.jobId(),
                    "jobId='" + job.jobId() + "' was used before with another request; choose another jobId");
            // The id's own outcome stays the last word on it.
            record.outcome().ifPresent(this::publishOutcome);
            return;
        }
        Optional<String> outcome = record.outcome().or(() -> outcomeOfAnotherTrainer(job, record));
        if (outcome.isPresent()) {
            publishOutcome(outcome.get());
            return;
        }
        TrainJobStatus end;
        try {
            end = attempt(job, record, new JobStatus(job.jobId(), job.modelName()));
        } catch (JobFence.ReplacedException e) {
            LOG.warn(e.getMessage());
            throw new HandedBackException(job.jobId());
        }
        record.end(ProtoJson.print(end));
        held = null;
        events.status(end);
        metrics.ended(end.getPhase());
        LOG.infof("job %s is %s %s", job.jobId(), end.getPhase(), end.getError());
    }

    private void publishOutcome(String json) {
        try {
            events.status(ProtoJson.parseLenient(json, TrainJobStatus.newBuilder())
                    .setUpdatedAt(Instant.now().toString())
                    .build());
        } catch (InvalidJsonException e) {
            throw new IllegalStateException("outcome.json was altered: " + e.getMessage(), e);
        }
    }

    /** Waits while another trainer works on the job: this one was given the request again because the group changed. */
    private Optional<String> outcomeOfAnotherTrainer(TrainingJob job, JobRecord record) {
        history.catchUp();
        while (history.status(job.jobId()).filter(this::isAlive).isPresent()) {
            if (shuttingDown) {
                throw new HandedBackException(job.jobId());
            }
            history.catchUp();
        }
        return record.outcome();
    }

    private boolean isAlive(TrainJobStatus status) {
        boolean underWay = status.getPhase() == Phase.ACCEPTED
                || status.getPhase() == Phase.WAITING_FOR_DATASET
                || status.getPhase() == Phase.RUNNING;
        Duration silence = Duration.between(Instant.parse(status.getUpdatedAt()), Instant.now());
        return underWay && silence.compareTo(config.takeoverAfter()) < 0;
    }

    private TrainJobStatus attempt(TrainingJob job, JobRecord record, JobStatus status) {
        try {
            JobFence fence = JobFence.take(store, job.jobId(), hostName(), PROCESS);
            held = fence;
            status.attempt(fence.attempt());
            status.phase(Phase.ACCEPTED);
            LOG.infof("job %s, attempt %d", job.jobId(), fence.attempt());
            return attempt(job, record, status, fence);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("the heartbeat could not be closed", e);
        }
    }

    private TrainJobStatus attempt(TrainingJob job, JobRecord record, JobStatus status, JobFence fence)
            throws Exception {
        try {
            if (isKilledAgainAndAgain(fence)) {
                return status.end(Phase.FAILED, givenUp(fence));
            }
            End end;
            try (AutoCloseable beating = heartbeat.start(status, fence)) {
                end = trainToTheEnd(job, record, status, fence);
            }
            fence.check();
            return status.end(end.phase(), end.error());
        } catch (RuntimeException e) {
            letGo(fence);
            throw e;
        }
    }

    private static void letGo(JobFence fence) {
        try {
            fence.letGo();
        } catch (StorageException e) {
            LOG.warnf("attempt %d will count as one that was killed: %s", fence.attempt(), e.getMessage());
        }
    }

    private boolean isKilledAgainAndAgain(JobFence fence) {
        int most = settings.maxDeathsInARow();
        return most > 0 && fence.deathsWithoutProgress(most) >= most;
    }

    private String givenUp(JobFence fence) {
        boolean fromStart = fence.firstStep() == 0;
        String reached = fromStart ? "the first checkpoint" : "the checkpoint of step " + fence.firstStep();
        return "the last " + settings.maxDeathsInARow() + " trainers of this job were killed, none of them beyond "
                + reached
                + ": most likely the system ran out of memory. Lower training.batchSize or model.context, or give the trainer"
                + " more memory, and send the job under a new jobId"
                + (fromStart ? "" : "; initFrom that checkpoint keeps the weights, and its context");
    }

    private record End(Phase phase, String error) {}

    private End trainToTheEnd(TrainingJob job, JobRecord record, JobStatus status, JobFence fence) {
        Optional<Instant> deadline = deadline(job, fence);
        BooleanSupplier stop = () -> shuttingDown
                || cancellations.contains(job.jobId())
                || fence.isReplaced()
                || deadline.filter(Instant.now()::isAfter).isPresent();
        try {
            return train(job, record, status, fence, stop) ? new End(Phase.COMPLETED, "") : stopped(job, fence);
        } catch (HandedBackException | JobFence.ReplacedException e) {
            throw e;
        } catch (StorageException | KafkaException e) {
            // Not the job's fault: it goes on from its last checkpoint when the store and the broker are back.
            status.error(reason(e));
            throw e;
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.warnf(e, "job %s failed", job.jobId());
            return new End(Phase.FAILED, reason(e));
        }
    }

    private static Optional<Instant> deadline(TrainingJob job, JobFence fence) {
        double seconds = job.control().deadlineSeconds();
        return seconds == 0 ? Optional.empty() : Optional.of(fence.firstStart().plusMillis((long) (seconds * MILLIS)));
    }

    private End stopped(TrainingJob job, JobFence fence) {
        fence.check();
        if (cancellations.contains(job.jobId())) {
            return new End(Phase.CANCELLED, "");
        }
        if (shuttingDown) {
            throw new HandedBackException(job.jobId());
        }
        return new End(
                Phase.FAILED,
                "deadlineSeconds=" + job.control().deadlineSeconds() + " have passed since the job's first start at "
                        + fence.firstStart());
    }

    /** Returns false if it was asked to stop. */
    private boolean train(TrainingJob job, JobRecord record, JobStatus status, JobFence fence, BooleanSupplier stop) {
        status.phase(Phase.WAITING_FOR_DATASET);
        Optional<LocalDataset> dataset = datasets.open(job.dataset(), progress -> {}, stop);
        if (dataset.isEmpty()) {
            return false;
        }
        status.dataset(dataset.get().manifest().getDatasetId());
        history.catchUp();
        fence.beginToTrain();
        Path workFolder = TrainingAttempt.workFolder(config.workFolder(), job.jobId(), fence.attempt());
        try (EpochOutbox outbox = new EpochOutbox(events, fence)) {
            ToldEpochs told = new ToldEpochs(history.epochs(job.jobId()));
            Ending ending = new TrainingAttempt(job, fence, store, record, status, outbox, told, metrics, workFolder)
                    .run(dataset.get(), settings, stop);
            outbox.await();
            return ending == Ending.DONE;
        } finally {
            removeWorkFolder(workFolder);
        }
    }

    private static void removeWorkFolder(Path workFolder) {
        try {
            StagedCheckpoint.deleteFolder(workFolder.getParent());
        } catch (UncheckedIOException e) {
            LOG.warnf("the next attempt removes what is left: %s", e.getMessage());
        }
    }

    private static String reason(Throwable e) {
        if (e instanceof OutOfMemoryError) {
            return "out of memory: lower training.batchSize or model.context";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName() + "/"
                    + ProcessHandle.current().pid();
        } catch (UnknownHostException e) {
            return "pid " + ProcessHandle.current().pid();
        }
    }
}
