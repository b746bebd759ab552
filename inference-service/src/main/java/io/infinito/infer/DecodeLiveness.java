package io.infinito.infer;

import io.infinito.infer.engine.Engine;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** Alive while the decode thread is: without it nothing is ever answered, whatever the store and the broker do. */
@Liveness
@ApplicationScoped
public class DecodeLiveness implements HealthCheck {
    private final Engine engine;

    /** Called by the container. */
    public DecodeLiveness(Engine engine) {
        this.engine = engine;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("decode").status(engine.isAlive()).build();
    }
}
