package io.infinito.infer.model;

import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.infer.model.StoredAliases.Choice;
import java.util.Optional;

/**
 * The model that answers under one alias, and what keeps another one out. Changed by the follower's thread alone; read by all.
 */
final class ModelSlot {
    private final ServedAlias alias;

    private volatile LoadedModel current;
    private volatile ServingState state =
            new ServingState(Optional.empty(), "", "", "the object store was not asked yet", "", Optional.empty());
    /** Not tried again until the store names another. */
    private Optional<Choice> refused = Optional.empty();

    ModelSlot(ServedAlias alias) {
        this.alias = alias;
    }

    ServedAlias alias() {
        return alias;
    }

    ServingState state() {
        return state;
    }

    /** With one user more. */
    Optional<LoadedModel> acquire() {
        for (LoadedModel model = current; model != null; model = current) {
            if (model.retain()) {
                return Optional.of(model);
            }
            // It was swapped out between the two lines; the next look finds its successor.
        }
        return Optional.empty();
    }

    boolean serves(Choice choice) {
        LoadedModel model = current;
        return model != null
                && model.identity().sha256().equals(choice.checkpoint().manifestSha256());
    }

    boolean hasRefused(Choice choice) {
        return refused.filter(choice::equals).isPresent();
    }

    /** What is served is what should be. */
    void confirm(Choice choice) {
        refused = Optional.empty();
        state = new ServingState(
                serving(), choice.pinnedAt(), choice.checkpoint().version(), "", "", Optional.empty());
    }

    /** Another version is on its way; if it is tried again, what was in the way stays said. */
    void expect(Choice choice) {
        String version = choice.checkpoint().version();
        if (state.wanted().equals(version) && state.pinnedAt().equals(choice.pinnedAt())) {
            return;
        }
        String obstacle = serving().isEmpty() ? version + " is being loaded" : "";
        state = new ServingState(serving(), choice.pinnedAt(), version, obstacle, "", Optional.empty());
    }

    /** Takes over one use of the model; the old one is free when its last request has ended. */
    void swap(LoadedModel fresh, Choice choice) {
        LoadedModel old = current;
        current = fresh;
        confirm(choice);
        if (old != null) {
            old.release();
        }
    }

    /** The old one stays. */
    void refuse(Optional<Choice> choice, Reason reason, String message) {
        refused = choice;
        state = new ServingState(
                serving(),
                choice.map(Choice::pinnedAt).orElse(state.pinnedAt()),
                choice.map(c -> c.checkpoint().version()).orElse(""),
                "the checkpoint was refused: " + message,
                message,
                Optional.of(reason));
    }

    /** The store can be read again, and says what was refused before. */
    void refuseStill() {
        hinder("the checkpoint was refused: " + state.refusal());
    }

    /** It could not be looked, or there is nothing to serve. */
    void hinder(String obstacle) {
        state = new ServingState(
                serving(), state.pinnedAt(), state.wanted(), obstacle, state.refusal(), state.refusalReason());
    }

    void close() {
        LoadedModel last = current;
        current = null;
        hinder("the service stops");
        if (last != null) {
            last.release();
        }
    }

    private Optional<ModelIdentity> serving() {
        return Optional.ofNullable(current).map(LoadedModel::identity);
    }
}
