package io.infinito.infer;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;

import io.grpc.Context;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.training.v1.EpochCompleted;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

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
        try (KafkaProducer<String, String> producer = producer()) {
            // Records that mean nothing to this service do not end its listening.
            send(producer, new ProducerRecord<>("infer.train.epochs", "no JSON"));
            send(producer, new ProducerRecord<>("infer.train.epochs", "{\"unknownField\":1}"));
            EpochCompleted event = EpochCompleted.newBuilder()
                    .setJobId("job")
                    .setModelName("default")
                    .setEpoch(1)
                    .setServed(true)
                    .build();
            // The subscription may be a moment younger than the topic, and hears only what is new.
            await().until(() -> {
                send(
                        producer,
                        new ProducerRecord<>(
                                "infer.train.epochs",
                                null,
                                "job",
                                ProtoJson.print(event),
                                CloudEvent.of(EpochCompleted.getDescriptor(), "test", CloudEvent.JSON)
                                        .headers()));
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

    private static void send(KafkaProducer<String, String> producer, ProducerRecord<String, String> event)
            throws Exception {
        producer.send(event).get(10, TimeUnit.SECONDS);
    }

    private KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(Map.of("bootstrap.servers", broker), new StringSerializer(), new StringSerializer());
    }
}
