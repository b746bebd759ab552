package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    private static final Pattern STARTED_AT = Pattern.compile("\"startedAt\":\"([^\"]+)\"");

    private final ObjectStore store;
    private final String jobId;
    private final int attempt;
    private final Instant firstStart;
    private volatile boolean replaced;

    private JobFence(ObjectStore store, String jobId, int attempt, Instant firstStart) {
        this.store = store;
        this.jobId = jobId;
        this.attempt = attempt;
        this.firstStart = firstStart;
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
        return new JobFence(store, jobId, next, firstStart(store, jobId));
    }

    private static Instant firstStart(ObjectStore store, String jobId) {
        return store.get(CheckpointKeys.attempt(jobId, 1))
                .map(note -> STARTED_AT.matcher(new String(note, StandardCharsets.UTF_8)))
                .filter(Matcher::find)
                .map(found -> Instant.parse(found.group(1)))
                .orElseGet(Instant::now);
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

    /** When the job's first attempt began. */
    public Instant firstStart() {
        return firstStart;
    }

    /** Whether a check has found that another attempt has begun. Asks nobody. */
    public boolean isReplaced() {
        return replaced;
    }

    /**
     * To be called before anything is published.
     *
     * @throws ReplacedException if another attempt has begun
     */
    public void check() {
        int latest = latest(store, jobId);
        if (latest > attempt) {
            replaced = true;
            throw new ReplacedException(jobId, attempt, latest);
        }
    }
}
