package io.infinito.infer;

import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ServedAlias;
import io.infinito.infer.model.ServingState;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.ModelVersion;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Locale;

/** What is served, and what stands in the way of what should be, as messages. */
@ApplicationScoped
public class ModelDescriptions {
    private final ModelFollower follower;

    /** Called by the container. */
    public ModelDescriptions(ModelFollower follower) {
        this.follower = follower;
    }

    /** Those of all aliases that have a model. */
    List<GetModelResponse> ofLoaded() {
        return follower.aliases().stream()
                .filter(alias -> follower.state(alias).serving().isPresent())
                .map(this::of)
                .toList();
    }

    /** That of an alias, with or without a model. */
    GetModelResponse of(ServedAlias alias) {
        GetModelResponse.Builder response = GetModelResponse.newBuilder()
                .setModel(ModelVersion.newBuilder().setName(follower.modelName()))
                .setAlias(alias.label());
        follower.acquire(alias).ifPresent(model -> {
            describe(model, response);
            model.release();
        });
        ServingState state = follower.state(alias);
        return response.setPinnedAt(state.pinnedAt())
                .setWantedVersion(state.wanted())
                .setObstacle(state.obstacle())
                .setLastRefusal(state.refusal())
                .setLastRefusalReason(state.refusalReason().map(Reason::tag).orElse(""))
                .build();
    }

    private static void describe(LoadedModel model, GetModelResponse.Builder response) {
        response.setModel(Answer.version(model.identity()))
                .setLayers(model.config().layers())
                .setHidden(model.config().hidden())
                .setHeads(model.config().heads())
                .setContext(model.config().context())
                .setVocabularySize(model.config().vocabularySize())
                .setParameters(model.config().parameterCount())
                .setValidationLoss(model.validationLoss())
                .setTokenizerSha256(model.tokenizer().sha256())
                .setLoadedAt(model.loadedAt().toString())
                .setWeightFormat(model.format().name().toLowerCase(Locale.ROOT));
    }
}
