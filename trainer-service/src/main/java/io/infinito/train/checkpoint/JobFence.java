package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

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
    private volatile AttemptNote note;
    private final Instant firstStart;
    private volatile boolean replaced;

    private JobFence(ObjectStore store, String jobId, int attempt, AttemptNote note, Instant firstStart) {
        this.store = store;
        this.jobId = jobId;
        this.attempt = attempt;
        this.note = note;
        this.firstStart = firstStart;
    }

    /**
     * Takes the next free number.
     *
     * @param owner who takes it, for operators that look
     * @param process the same for all attempts of this process, and for no other process
     */
    public static JobFence take(ObjectStore store, String jobId, String owner, String process) {
        AttemptNote note = new AttemptNote(owner, process, Instant.now(), newestStep(store, jobId), false, false);
        int next = latest(store, jobId) + 1;
        while (!store.putIfAbsent(CheckpointKeys.attempt(jobId, next), note.toJson())) {
            next++;
        }
        Instant firstStart = note(store, jobId, 1).map(AttemptNote::startedAt).orElseGet(Instant::now);
        return new JobFence(store, jobId, next, note, firstStart);
    }

    private static Optional<AttemptNote> note(ObjectStore store, String jobId, int attempt) {
        return store.get(CheckpointKeys.attempt(jobId, attempt)).flatMap(AttemptNote::fromJson);
    }

    private static int newestStep(ObjectStore store, String jobId) {
        return store.list(CheckpointKeys.job(jobId)).stream()
                .map(StoredObject::key)
                .mapToInt(key -> CheckpointKeys.stepOfManifest(key).orElse(0))
                .max()
                .orElse(0);
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

    /** The step of the newest checkpoint when this attempt began; 0: there was none. */
    public int firstStep() {
        return note.step();
    }

    /**
     * How many processes were killed, as far as one can know, while they trained from the very checkpoint that this attempt begins at,
     * since another one was the newest. A process counts by its last attempt, for it lived on after the others: as a death if that
     * came as far as training and ended without a word.
     *
     * @param most after which counting may end
     */
    public int deathsWithoutProgress(int most) {
        int deaths = 0;
        Set<String> processes = new HashSet<>(Set.of(note.process()));
        for (int earlier = attempt - 1; earlier >= 1 && deaths < most; earlier--) {
            Optional<AttemptNote> other = note(store, jobId, earlier);
            if (other.isEmpty() || other.get().step() != note.step()) {
                break;
            }
            boolean last = processes.add(other.get().process());
            if (last && other.get().trained() && !other.get().letGo()) {
                deaths++;
            }
        }
        return deaths;
    }

    /**
     * This attempt begins to train: from now on it counts as a death if it ends without a word.
     *
     * @throws io.infinito.storage.StorageException if the store does not take it
     */
    public synchronized void beginToTrain() {
        note = note.withTrained();
        store.put(CheckpointKeys.attempt(jobId, attempt), note.toJson());
    }

    /**
     * This attempt ends, and its process lives on or stops as it was asked to: it does not count as a death. May be repeated, and from
     * any thread.
     *
     * @throws io.infinito.storage.StorageException if the store does not take it
     */
    public synchronized void letGo() {
        note = note.withLetGo();
        store.put(CheckpointKeys.attempt(jobId, attempt), note.toJson());
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
