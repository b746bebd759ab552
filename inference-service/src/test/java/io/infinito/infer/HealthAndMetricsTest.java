package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What operators and their tools are told. */
@QuarkusTest
@WithTestResource(Backends.class)
class HealthAndMetricsTest extends ServedTinyModel {
    @Test
    void isReadyAndSaysWhatItServes() {
        given().get("/q/health/ready")
                .then()
                .statusCode(200)
                .body("status", equalTo("UP"))
                .body("checks.find { it.name == 'model' }.data.version", equalTo(served.version()));
        given().get("/q/health/live").then().statusCode(200).body("checks.name", hasItem("decode"));
        for (String service : List.of("", InferenceServiceGrpc.SERVICE_NAME)) {
            assertThat(HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.newBuilder()
                                    .setService(service)
                                    .build())
                            .getStatus())
                    .isEqualTo(ServingStatus.SERVING);
        }
    }

    @Test
    void metricsCountWhatWasDone() {
        inference.generate(request(7).setText("x").build());
        given().get("/q/metrics")
                .then()
                .statusCode(200)
                .body(containsString("infinito_tokens_generated_total"))
                .body(containsString("infinito_requests_total{reason=\"length\"}"))
                .body(containsString("infinito_time_to_first_token_seconds_count"))
                .body(containsString("infinito_model_reload_seconds_count"))
                .body(containsString("infinito_model_reload_refused_total{reason=\"too-new\"}"))
                .body(containsString("infinito_models_loaded"));
    }
}
