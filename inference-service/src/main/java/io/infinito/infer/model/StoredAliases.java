package io.infinito.infer.model;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Function;

/** What the aliases of a model mean according to the store. */
final class StoredAliases {
    /**
     * What should be served.
     *
     * @param checkpoint that an alias means
     * @param pinnedAt empty where there is no pin; a checkpoint that is pinned again is another choice
     */
    record Choice(CheckpointReference checkpoint, String pinnedAt) {
        boolean isPinned() {
            return !pinnedAt.isEmpty();
        }
    }

    private final String modelName;
    private final ObjectStore store;

    StoredAliases(String modelName, ObjectStore store) {
        this.modelName = modelName;
        this.store = store;
    }

    /**
     * What an alias means now, or empty if nothing was trained yet.
     *
     * @throws CheckpointRefusedException if an object that says it cannot be read
     */
    Optional<Choice> choice(ServedAlias alias) throws CheckpointRefusedException {
        return switch (alias) {
            case BEST -> best();
            case LAST -> last();
        };
    }

    /** What is missing when there is no choice. */
    String absence(ServedAlias alias) {
        return switch (alias) {
            case BEST ->
                CheckpointKeys.best(modelName) + " does not exist yet in bucket " + store.bucket()
                        + ": train a model named " + modelName;
            case LAST -> "no job of model " + modelName + " has a complete checkpoint yet";
        };
    }

    private Optional<Choice> best() throws CheckpointRefusedException {
        Optional<Pin> pin = read(CheckpointKeys.pin(modelName), Pin::fromJson);
        if (pin.isPresent()) {
            return pin.map(p -> new Choice(p.checkpoint(), p.pinnedAt()));
        }
        return alias().map(best -> new Choice(best.checkpoint(), ""));
    }

    private Optional<Choice> last() throws CheckpointRefusedException {
        Optional<String> newest = alias().flatMap(best -> store.list(CheckpointKeys.job(best.jobId())).stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.stepOfManifest(key).isPresent())
                .max(Comparator.naturalOrder()));
        if (newest.isEmpty()) {
            return Optional.empty();
        }
        String key = newest.get();
        // It may have been deleted since it was listed; the next look will not find it.
        Optional<byte[]> json = store.get(key);
        if (json.isEmpty()) {
            return Optional.empty();
        }
        CheckpointManifest manifest = ModelLoader.manifest(key, json.get());
        return Optional.of(new Choice(new CheckpointReference(key, Sha256.of(json.get()), manifest.version()), ""));
    }

    private Optional<BestAlias> alias() throws CheckpointRefusedException {
        return read(CheckpointKeys.best(modelName), BestAlias::fromJson);
    }

    private <T> Optional<T> read(String key, Function<byte[], T> parser) throws CheckpointRefusedException {
        try {
            return store.get(key).map(parser);
        } catch (IllegalArgumentException e) {
            throw new CheckpointRefusedException(Reason.ALIAS, key + ": " + e.getMessage(), e);
        }
    }
}
