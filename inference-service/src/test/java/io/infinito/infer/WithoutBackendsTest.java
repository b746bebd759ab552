package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.infinito.infer.model.ModelFollower;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.ListModelsRequest;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.enterprise.inject.Any;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** Neither a broker nor a store: the service is alive, not ready, and says why. */
@QuarkusTest
@TestProfile(WithoutBackendsTest.Nowhere.class)
class WithoutBackendsTest {
    /** Addresses that nobody listens at. */
    public static class Nowhere implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "kafka.bootstrap.servers",
                    "localhost:" + freePort(),
                    "infinito.storage.endpoint",
                    "http://localhost:" + freePort(),
                    "quarkus.grpc.server.test-port",
                    String.valueOf(freePort()));
        }

        private static int freePort() {
            try (ServerSocket free = new ServerSocket(0)) {
                return free.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int port;

    @Inject
    ModelFollower follower;

    @Inject
    @Any
    GrpcHealthStorage storage;

    @Test
    void isAliveButNotReadyAndSaysWhy() {
        await().until(() -> follower.obstacle().contains("cannot read s3://infinito/models/default/"));
        given().get("/q/health/live").then().statusCode(200);
        given().get("/q/health/ready")
                .then()
                .statusCode(503)
                .body("checks.find { it.name == 'model' }.status", equalTo("DOWN"))
                .body("checks.find { it.name == 'model' }.data.reason", containsString("cannot read s3://"));
        ManagedChannel channel = ManagedChannelBuilder.forAddress("localhost", port)
                .usePlaintext()
                .build();
        try {
            for (String service : new String[] {"", InferenceServiceGrpc.SERVICE_NAME}) {
                // What Quarkus does as soon as the port is open.
                storage.setStatus(service, ServingStatus.SERVING);
                assertThat(HealthGrpc.newBlockingStub(channel)
                                .check(HealthCheckRequest.newBuilder()
                                        .setService(service)
                                        .build())
                                .getStatus())
                        .isEqualTo(ServingStatus.NOT_SERVING);
            }
            InferenceServiceBlockingStub inference = InferenceServiceGrpc.newBlockingStub(channel);
            assertNotLoaded(() ->
                    inference.generate(GenerateRequest.newBuilder().setText("x").build()));
            GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
            assertThat(model.getModel().getName()).isEqualTo("default");
            assertThat(model.getModel().getVersion()).isEmpty();
            assertThat(model.getAlias()).isEqualTo("best");
            assertThat(model.getObstacle()).contains("cannot read s3://");
            assertThat(inference
                            .listModels(ListModelsRequest.getDefaultInstance())
                            .getModelsList())
                    .isEmpty();
        } finally {
            channel.shutdownNow();
        }
    }

    private static void assertNotLoaded(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(e.getStatus().getDescription()).contains("model: none is loaded yet", "cannot read s3://");
        });
    }
}
