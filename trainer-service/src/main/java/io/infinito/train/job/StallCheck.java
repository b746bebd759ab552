package io.infinito.train.job;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Alive means that a running job made a step lately, not that a record was acknowledged. */
@Liveness
@ApplicationScoped
public class StallCheck implements HealthCheck {
    private final Heartbeat heartbeat;
    private final TrainerConfig config;

    StallCheck(Heartbeat heartbeat, TrainerConfig config) {
        this.heartbeat = heartbeat;
        this.config = config;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("training step")
                .status(heartbeat.sinceLastStep().compareTo(config.stallAfter()) < 0)
                .withData("secondsSinceLastStep", heartbeat.sinceLastStep().toSeconds())
                .build();
    }
}
