package io.infinito.infer;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;

/** What {@code grpc.health.v1} answers, for the whole server and for the inference service. */
@ApplicationScoped
public class ServingStatus {
    private final GrpcHealthStorage storage;

    /** Called by the container. */
    public ServingStatus(@Any GrpcHealthStorage storage) {
        this.storage = storage;
    }

    void serving(boolean serving) {
        HealthCheckResponse.ServingStatus status =
                serving ? HealthCheckResponse.ServingStatus.SERVING : HealthCheckResponse.ServingStatus.NOT_SERVING;
        storage.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, status);
        storage.setStatus(InferenceServiceGrpc.SERVICE_NAME, status);
    }
}
