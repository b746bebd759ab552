package io.infinito.infer.model;

import java.util.Optional;

/**
 * How an alias is served just now.
 *
 * @param serving the version that answers, if any
 * @param pinnedAt when it was pinned, RFC 3339; empty if no pin says what to serve
 * @param wanted the version that the store names; empty while that is not known
 * @param obstacle why no model is in service, or why the last look failed; empty when all is well
 * @param refusal why the wanted version was refused; empty if it was not
 * @param refusalReason the kind of the refusal, if there is one
 */
public record ServingState(
        Optional<ModelIdentity> serving,
        String pinnedAt,
        String wanted,
        String obstacle,
        String refusal,
        Optional<CheckpointRefusedException.Reason> refusalReason) {}
