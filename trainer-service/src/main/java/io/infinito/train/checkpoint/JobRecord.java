package io.infinito.train.checkpoint;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** What the store keeps of a job besides its checkpoints: the request that owns the id, each epoch's event, and the outcome. */
public final class JobRecord {
    private final ObjectStore store;
    private final String jobId;

    /** The record of one job. */
    public JobRecord(ObjectStore store, String jobId) {
        this.store = store;
        this.jobId = jobId;
    }

    /**
     * Claims the id for a request, once and for all.
     *
     * @param requestJson canonical JSON
     * @return whether the id belongs to this very request
     */
    public boolean claim(String requestJson) {
        String key = CheckpointKeys.request(jobId);
        byte[] mine = requestJson.getBytes(StandardCharsets.UTF_8);
        return store.putIfAbsent(key, mine)
                || store.get(key)
                        .map(owner -> new String(owner, StandardCharsets.UTF_8).equals(requestJson))
                        .orElse(false);
    }

    /** The terminal status, if the job has ended. */
    public Optional<String> outcome() {
        return store.get(CheckpointKeys.outcome(jobId)).map(json -> new String(json, StandardCharsets.UTF_8));
    }

    /** Ends the job. The first outcome stays. */
    public void end(String statusJson) {
        store.putIfAbsent(CheckpointKeys.outcome(jobId), statusJson.getBytes(StandardCharsets.UTF_8));
    }

    /** Keeps an epoch's event before it is sent, so that whoever comes next can send it. */
    public void keepEpoch(int epoch, String eventJson) {
        store.put(CheckpointKeys.epoch(jobId, epoch), eventJson.getBytes(StandardCharsets.UTF_8));
    }

    /** The events that were kept, in order. */
    public List<String> epochs() {
        return store.list(CheckpointKeys.epochs(jobId)).stream()
                .map(StoredObject::key)
                .sorted()
                .map(store::get)
                .flatMap(Optional::stream)
                .map(json -> new String(json, StandardCharsets.UTF_8))
                .toList();
    }
}
