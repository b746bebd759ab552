package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.Context;
import io.grpc.Status;
import io.infinito.infer.engine.Engine;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** On its way out the service takes nothing on, says so to everyone who asks, and finishes what runs. */
@QuarkusTest
@WithTestResource(Backends.class)
@TestProfile(DrainingTest.OwnService.class)
class DrainingTest extends ServedTinyModel {
    /** No other test's: this one never serves again. */
    public static class OwnService implements QuarkusTestProfile {}

    /** Without it there is no such event. */
    @ConfigProperty(name = "quarkus.shutdown.delay-enabled")
    boolean drains;

    @Inject
    InferenceApplication application;

    @Inject
    io.infinito.infer.ServingStatus status;

    @Inject
    Engine engine;

    @Test
    void whatRunsEndsAndNobodyElseIsLetIn() {
        assertThat(drains).isTrue();
        Collected<HealthCheckResponse> watched = new Collected<>();
        HealthGrpc.newStub(channel).watch(question(InferenceServiceGrpc.SERVICE_NAME), watched);
        await().until(() -> last(watched) == ServingStatus.SERVING);
        Context.CancellableContext client = Context.current().withCancellation();
        Collected<GenerateChunk> stream = new Collected<>();
        client.run(() -> InferenceServiceGrpc.newStub(channel)
                .generateStream(request(ENDLESS).setText("x").build(), stream));
        await().until(() -> stream.size() > 0);

        CompletableFuture<Void> drained = CompletableFuture.runAsync(this::drain);
        await().until(() -> last(watched) == ServingStatus.NOT_SERVING);
        assertNotServing();
        // A model that comes now does not change that.
        serve(TinyCheckpoint.of("default", 2));
        assertNotServing();
        given().get("/q/health/ready").then().statusCode(503);
        given().get("/q/health/live").then().statusCode(200);
        assertThat(inference
                        .getModel(GetModelRequest.getDefaultInstance())
                        .getModel()
                        .getStep())
                .isEqualTo(2);
        assertStatus(
                Status.Code.UNAVAILABLE,
                "the service stops",
                () -> inference.generate(request(1).setText("x").build()));
        given().body("{\"prompt\":\"x\"}")
                .post("/v1/completions")
                .then()
                .statusCode(503)
                .body("error.code", equalTo("shutdown"));

        int before = stream.size();
        await().until(() -> stream.size() > before);
        assertThat(drained).isNotDone();
        client.cancel(null);
        assertThat(drained).succeedsWithin(10, TimeUnit.SECONDS);
        assertThat(last(watched)).isEqualTo(ServingStatus.NOT_SERVING);
    }

    /** As when the process is told to stop, but the servers stay. */
    private void drain() {
        try {
            application.drain(new ShutdownDelayInitiatedEvent(), status, engine);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void assertNotServing() {
        for (String service : List.of("", InferenceServiceGrpc.SERVICE_NAME)) {
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(question(service))
                            .getStatus())
                    .as(service)
                    .isEqualTo(ServingStatus.NOT_SERVING);
        }
    }

    private static HealthCheckRequest question(String service) {
        return HealthCheckRequest.newBuilder().setService(service).build();
    }

    private static ServingStatus last(Collected<HealthCheckResponse> answers) {
        List<HealthCheckResponse> messages = answers.messages();
        return messages.isEmpty()
                ? ServingStatus.UNKNOWN
                : messages.get(messages.size() - 1).getStatus();
    }
}
