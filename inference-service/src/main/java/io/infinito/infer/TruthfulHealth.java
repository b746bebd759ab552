package io.infinito.infer;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Lets nobody hear SERVING while nothing is served. Quarkus says so for every service from the moment the port is open, before anything
 * of ours has run.
 */
@GlobalInterceptor
@ApplicationScoped
public class TruthfulHealth implements ServerInterceptor {
    private final ServingStatus status;

    /** Called by the container. */
    public TruthfulHealth(ServingStatus status) {
        this.status = status;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return next.startCall(
                new SimpleForwardingServerCall<>(call) {
                    @Override
                    @SuppressWarnings("unchecked") // A message of the same type as the one it stands for.
                    public void sendMessage(A message) {
                        if (message instanceof HealthCheckResponse health
                                && health.getStatus() == HealthCheckResponse.ServingStatus.SERVING
                                && !status.isServing()) {
                            super.sendMessage((A) health.toBuilder()
                                    .setStatus(HealthCheckResponse.ServingStatus.NOT_SERVING)
                                    .build());
                        } else {
                            super.sendMessage(message);
                        }
                    }
                },
                headers);
    }
}
