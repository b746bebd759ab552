package io.infinito.infer;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;

/** What {@code grpc.health.v1} answers, for the whole server and for the inference service: whether a model is loaded and nobody drains. */
@ApplicationScoped
public class ServingStatus {
    private final GrpcHealthStorage storage;
    private boolean serving;
    private boolean draining;

    /** Called by the container. */
    public ServingStatus(@Any GrpcHealthStorage storage) {
        this.storage = storage;
    }

    /** A model is loaded, or none is. */
    synchronized void serving(boolean isServing) {
        serving = isServing;
        publish();
    }

    /** From now on no other state counts. */
    synchronized void drain() {
        draining = true;
        publish();
    }

    /** Whether the service is on its way out. */
    synchronized boolean isDraining() {
        return draining;
    }

    synchronized boolean isServing() {
        return serving && !draining;
    }

    private void publish() {
        HealthCheckResponse.ServingStatus status =
                isServing() ? HealthCheckResponse.ServingStatus.SERVING : HealthCheckResponse.ServingStatus.NOT_SERVING;
        storage.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, status);
        storage.setStatus(InferenceServiceGrpc.SERVICE_NAME, status);
    }
}
