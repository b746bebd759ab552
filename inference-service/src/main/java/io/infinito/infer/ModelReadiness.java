package io.infinito.infer;

import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ModelIdentity;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** Ready once a model is loaded; until then it says what is missing. */
@Readiness
@ApplicationScoped
public class ModelReadiness implements HealthCheck {
    private final ModelFollower follower;
    private final ServingStatus status;

    /** Called by the container. */
    public ModelReadiness(ModelFollower follower, ServingStatus status) {
        this.follower = follower;
        this.status = status;
    }

    @Override
    public HealthCheckResponse call() {
        Optional<ModelIdentity> serving = follower.serving();
        HealthCheckResponseBuilder response = HealthCheckResponse.named("model")
                .status(serving.isPresent() && !status.isDraining())
                .withData("model", follower.modelName());
        serving.ifPresent(identity -> response.withData("version", identity.version()));
        if (!follower.obstacle().isEmpty()) {
            response.withData("reason", follower.obstacle());
        }
        if (status.isDraining()) {
            response.withData("reason", "the service stops");
        }
        return response.build();
    }
}
