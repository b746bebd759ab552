package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * The numbers of a job's attempts, as create-only objects: only one process can have a number, and whoever sees a higher one than
 * its own has been replaced and must stop.
 */
public final class JobFence {
    /** Another attempt at the job has begun: this one must not publish anything more. */
    public static final class ReplacedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ReplacedException(String jobId, int attempt, int newer) {
            super("attempt " + attempt + " of job " + jobId + " was replaced by attempt " + newer);
        }
    }

    private final ObjectStore store;
    private final String jobId;
    private final int attempt;

    private JobFence(ObjectStore store, String jobId, int attempt) {
        this.store = store;
        this.jobId = jobId;
        this.attempt = attempt;
    }

    /**
     * Takes the next free number.
     *
     * @param owner who takes it, for operators that look
     */
    public static JobFence take(ObjectStore store, String jobId, String owner) {
        int next = latest(store, jobId) + 1;
        while (!store.putIfAbsent(CheckpointKeys.attempt(jobId, next), note(owner))) {
            next++;
        }
        return new JobFence(store, jobId, next);
    }

    private static byte[] note(String owner) {
        String json =
                "{\"owner\":\"%s\",\"startedAt\":\"%s\"}".formatted(owner.replaceAll("[\"\\\\]", ""), Instant.now());
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static int latest(ObjectStore store, String jobId) {
        return store.list(CheckpointKeys.attempts(jobId)).stream()
                .map(StoredObject::key)
                .mapToInt(key -> CheckpointKeys.attemptOf(key).orElse(0))
                .max()
                .orElse(0);
    }

    /** This attempt's number, from 1. */
    public int attempt() {
        return attempt;
    }

    /**
     * To be called before anything is published.
     *
     * @throws ReplacedException if another attempt has begun
     */
    public void check() {
        int latest = latest(store, jobId);
        if (latest > attempt) {
            throw new ReplacedException(jobId, attempt, latest);
        }
    }
}
