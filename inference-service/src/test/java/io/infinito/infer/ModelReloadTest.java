package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;

import io.grpc.Context;
import io.grpc.Status;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.infer.model.DamagedCheckpoint;
import io.infinito.infer.model.ServedAlias;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.storage.StoredObject;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** New models, damaged ones, and going back, as a client sees them. */
@QuarkusTest
@WithTestResource(Backends.class)
class ModelReloadTest extends ServedTinyModel {
    @ConfigProperty(name = "kafka.bootstrap.servers")
    String broker;

    @Test
    void anEventBringsTheNewModelAndStreamsInFlightKeepTheOld() throws Exception {
        GenerateRequest endless = request(ENDLESS).setText("x").build();
        Context.CancellableContext context = Context.current().withCancellation();
        Collected<GenerateChunk> seen = new Collected<>();
        context.run(() -> InferenceServiceGrpc.newStub(channel).generateStream(endless, seen));
        await().until(() -> seen.size() > 0);

        TinyCheckpoint next = TinyCheckpoint.of("default", 2).publish(store);
        try (EpochNews news = new EpochNews(broker)) {
            // Records that mean nothing to this service do not end its listening.
            news.nonsense("no JSON");
            news.nonsense("{\"unknownField\":1}");
            // The subscription may be a moment younger than the topic, and hears only what is new.
            await().until(() -> {
                news.best();
                return serves(next);
            });
        }
        int before = seen.size();
        await().until(() -> seen.size() > before + 20);
        assertThat(seen.messages()).extracting(GenerateChunk::getModel).containsOnly(version(served, 1));
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(next, 2));
        context.cancel(null);
        await().until(() -> running() == 0);
    }

    @Test
    void aTornCheckpointIsRefusedWithAReasonAndTheOldOneAnswersOn() {
        TinyCheckpoint.of("default", 3).without(CheckpointKeys.MODEL).publish(store);
        store.delete(List.of(CheckpointKeys.step("default", 3) + CheckpointKeys.MODEL));
        follower.checkSoon();
        await().until(() -> !follower.lastRefusal().isEmpty());
        GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(model.getModel()).isEqualTo(version(served, 1));
        assertThat(model.getLastRefusal()).contains("model.safetensors does not exist");
        assertThat(model.getLastRefusalReason()).isEqualTo("torn");
        assertThat(model.getWantedVersion()).isEqualTo("job/step-00000003");
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(served, 1));
        given().get("/q/health/ready")
                .then()
                .statusCode(200)
                .body("checks.find { it.name == 'model' }.data.reason", containsString("torn"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.infinito.infer.model.DamagedCheckpoint#all")
    void whyACheckpointWasRefusedIsTold(DamagedCheckpoint damage) {
        // Of another damage of the same step.
        store.delete(store.list(CheckpointKeys.step("default", 9)).stream()
                .map(StoredObject::key)
                .toList());
        TinyCheckpoint damaged = damage.of("default").publish(store);
        follower.checkSoon();
        await().until(() -> !follower.lastRefusal().isEmpty());
        GetModelResponse model = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(model.getLastRefusalReason()).isEqualTo(damage.reason().tag());
        assertThat(model.getLastRefusal()).contains(damage.message());
        assertThat(model.getObstacle()).contains("was refused", damage.message());
        assertThat(model.getWantedVersion()).isEqualTo(damaged.version());
        assertThat(model.getModel()).isEqualTo(version(served, 1));
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(served, 1));
    }

    @Test
    void aPinIsServedAndToldUntilItGoes() {
        TinyCheckpoint better = serve(TinyCheckpoint.of("default", 2));
        served.pin(store, "2026-11-27T12:00:00Z");
        follower.checkSoon();
        await().until(() -> serves(served));
        GetModelResponse pinned = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(pinned.getModel()).isEqualTo(version(served, 1));
        assertThat(pinned.getWantedVersion()).isEqualTo(served.version());
        assertThat(pinned.getPinnedAt()).isEqualTo("2026-11-27T12:00:00Z");
        assertThat(inference.generate(request(5).setText("x").build()).getModel())
                .isEqualTo(version(served, 1));
        assertStatus(
                Status.Code.NOT_FOUND,
                "only default@best (" + served.version() + ")",
                () -> inference.generate(request(5)
                        .setText("x")
                        .setModel("default@" + better.version())
                        .build()));

        // Training goes on meanwhile, and is not followed, as the next look shows.
        TinyCheckpoint best = TinyCheckpoint.of("default", 3).publish(store);
        served.pin(store, "2026-11-27T13:00:00Z");
        follower.checkSoon();
        await().until(() -> follower.state(ServedAlias.BEST).pinnedAt().equals("2026-11-27T13:00:00Z"));
        assertThat(serves(served)).isTrue();

        store.delete(List.of(CheckpointKeys.pin("default")));
        follower.checkSoon();
        await().until(() -> serves(best));
        GetModelResponse unpinned = inference.getModel(GetModelRequest.getDefaultInstance());
        assertThat(unpinned.getModel()).isEqualTo(version(best, 3));
        assertThat(unpinned.getPinnedAt()).isEmpty();
        assertThat(unpinned.getObstacle()).isEmpty();
    }

    @AfterEach
    void unpin() {
        store.delete(List.of(CheckpointKeys.pin("default")));
    }
}
