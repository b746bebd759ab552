package io.infinito.standalone.serving;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The models of the object store by their names: which version each one means, and which it is held at. */
public final class StoredModels {
    private final ObjectStore store;
    private final Clock clock;

    /** Models in {@code store}; {@code clock} dates pins. */
    public StoredModels(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * What a name means.
     *
     * @param name of the model
     * @param best what its trainers say
     * @param pin what is served instead
     */
    public record Model(String name, Optional<BestAlias> best, Optional<Pin> pin) {
        /** What inference services should serve. */
        public Optional<CheckpointReference> served() {
            return pin.map(Pin::checkpoint).or(() -> best.map(BestAlias::checkpoint));
        }
    }

    /** A complete checkpoint that can be pinned. */
    public record Checkpoint(CheckpointReference reference, CheckpointManifest manifest) {}

    /** All that have an alias or a pin, by name. */
    public List<Model> list() {
        return store.list(CheckpointKeys.MODELS).stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.isBest(key) || CheckpointKeys.isPin(key))
                .map(CheckpointKeys::modelOf)
                .distinct()
                .map(this::read)
                .toList();
    }

    /**
     * The model of a name.
     *
     * @throws ServingFailure if it has neither an alias nor a pin
     */
    public Model find(String name) {
        Model model = read(name);
        if (model.served().isEmpty()) {
            throw new ServingFailure("the bucket " + store.bucket() + " has no model '" + name
                    + "': 'infinito model list' tells which there are");
        }
        return model;
    }

    /** The complete checkpoints that jobs wrote under a model's name, the newest first. */
    public List<Checkpoint> checkpoints(String name) {
        return store.list("jobs/").stream()
                .map(StoredObject::key)
                .filter(key -> CheckpointKeys.stepOfManifest(key).isPresent())
                .flatMap(key -> readable(key).stream())
                .filter(checkpoint -> checkpoint.manifest().modelName().equals(name))
                .sorted(Comparator.comparing((Checkpoint c) -> c.manifest().createdAt())
                        .thenComparing(c -> c.manifest().step())
                        .reversed())
                .toList();
    }

    /**
     * Holds a model at a version.
     *
     * @param version as answers name it, {@code job/step-00000292}
     * @throws IllegalArgumentException if it does not look like a version
     * @throws ServingFailure if there is no such checkpoint, or it is not whole
     */
    public Pin pin(String name, String version) {
        String key = "jobs/" + version + "/" + CheckpointKeys.MANIFEST;
        if (CheckpointKeys.stepOfManifest(key).isEmpty()) {
            throw new IllegalArgumentException(
                    "VERSION " + version
                            + " must be like job/step-00000292, as answers name it: 'infinito model show' tells which there are");
        }
        Checkpoint checkpoint = checkpoint(key)
                .orElseThrow(() -> new ServingFailure("there is no complete checkpoint " + version
                        + ": 'infinito model show' tells which there are"));
        return hold(name, checkpoint.reference());
    }

    /**
     * Holds a model at the version that was the best before.
     *
     * @throws ServingFailure if it is held at a version already, or there was none before, or that one is gone
     */
    public Pin rollback(String name) {
        Model model = find(name);
        if (model.pin().isPresent()) {
            throw new ServingFailure("model " + name + " is pinned to "
                    + model.pin().get().checkpoint().version()
                    + " already, and is not moved further back: 'infinito model pin VERSION' takes another");
        }
        CheckpointReference previous = model.best()
                .flatMap(BestAlias::previous)
                .orElseThrow(() -> new ServingFailure("model " + name
                        + " has had no other best version: 'infinito model show' tells what can be pinned"));
        return hold(name, previous);
    }

    /**
     * Lets a model follow its best version again. A pin that cannot be read goes too: it holds up every reload and every deletion.
     *
     * @return the pin that was there and could be read
     * @throws ServingFailure if the model has neither an alias nor a pin
     */
    public Optional<Pin> unpin(String name) {
        String key = CheckpointKeys.pin(name);
        Optional<byte[]> former = store.get(key);
        if (former.isEmpty()) {
            find(name);
            return Optional.empty();
        }
        store.delete(List.of(key));
        try {
            return former.map(Pin::fromJson);
        } catch (IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private Pin hold(String name, CheckpointReference checkpoint) {
        requireWhole(checkpoint);
        Optional<byte[]> former = store.get(CheckpointKeys.pin(name));
        Pin pin = new Pin(checkpoint, clock.instant().toString());
        store.put(CheckpointKeys.pin(name), pin.toJson());
        try {
            // A trainer that looked for pins just before deletes it just now.
            requireWhole(checkpoint);
        } catch (ServingFailure gone) {
            former.ifPresentOrElse(
                    before -> store.put(CheckpointKeys.pin(name), before),
                    () -> store.delete(List.of(CheckpointKeys.pin(name))));
            throw gone;
        }
        return pin;
    }

    private void requireWhole(CheckpointReference expected) {
        Checkpoint found = checkpoint(expected.manifestKey())
                .orElseThrow(
                        () -> new ServingFailure("the checkpoint " + expected.version() + " does not exist any more"));
        if (!found.reference().manifestSha256().equals(expected.manifestSha256())) {
            throw new ServingFailure(expected.manifestKey() + " has sha256 "
                    + found.reference().manifestSha256() + ", not " + expected.manifestSha256()
                    + ": it was changed after it was written");
        }
        Map<String, Long> sizes = store.list(CheckpointKeys.folderOf(expected.manifestKey())).stream()
                .collect(Collectors.toMap(StoredObject::key, StoredObject::size));
        found.manifest().parts().forEach((part, is) -> {
            Long size = sizes.get(CheckpointKeys.folderOf(expected.manifestKey()) + part);
            if (size == null || size != is.size()) {
                throw new ServingFailure("the checkpoint " + expected.version() + " is torn: " + part + " "
                        + (size == null ? "is missing" : "has " + size + " bytes, the manifest says " + is.size()));
            }
        });
    }

    /** What a name means, where it may have neither an alias nor a pin. */
    public Model read(String name) {
        return new Model(
                name,
                parse(CheckpointKeys.best(name), BestAlias::fromJson),
                parse(CheckpointKeys.pin(name), Pin::fromJson));
    }

    private Optional<Checkpoint> checkpoint(String manifestKey) {
        return parse(manifestKey, json -> {
            CheckpointManifest manifest = CheckpointManifest.fromJson(json);
            return new Checkpoint(new CheckpointReference(manifestKey, Sha256.of(json), manifest.version()), manifest);
        });
    }

    /** One that a newer version wrote cannot be pinned from here, and is no reason to show none. */
    private Optional<Checkpoint> readable(String manifestKey) {
        try {
            return checkpoint(manifestKey);
        } catch (ServingFailure unreadable) {
            return Optional.empty();
        }
    }

    private <T> Optional<T> parse(String key, Function<byte[], T> parser) {
        try {
            return store.get(key).map(parser);
        } catch (IllegalArgumentException e) {
            throw new ServingFailure(key + " cannot be read: " + e.getMessage(), e);
        }
    }
}
