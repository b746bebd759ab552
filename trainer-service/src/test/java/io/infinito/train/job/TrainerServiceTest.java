package io.infinito.train.job;

import static io.restassured.RestAssured.get;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.notNullValue;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.CheckpointReference;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.events.Topic;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import io.infinito.train.checkpoint.JobFence;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The service as it runs: a real broker, a real S3 server, and jobs of a network that trains in a second. */
@QuarkusTest
@QuarkusTestResource(BrokerAndStore.class)
class TrainerServiceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SMALL =
            "\"model\":{\"layers\":1,\"hidden\":16,\"heads\":2,\"context\":16},\"training\":{\"epochs\":2,\"batchSize\":8}";

    @Inject
    KafkaClients kafka;

    @Inject
    ObjectStore store;

    private KafkaProducer<String, String> producer;
    private FakeDatasetService datasets;

    @BeforeEach
    void connect() {
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()), new StringSerializer(), new StringSerializer());
        datasets = new FakeDatasetService(kafka.bootstrapServers());
    }

    @AfterEach
    void disconnect() throws InterruptedException {
        producer.close();
        datasets.close();
    }

    @Test
    void bringsARequestWithoutHeadersToCheckpointsAndEpochEvents() {
        // No key and no header: what a person types into kcat.
        request(null, "{\"jobId\":\"whole\",\"dataset\":{\"source\":\"test:ok\"}," + SMALL + "}");
        awaitPhase("whole", "COMPLETED");

        given().get("/v1/runs/whole/epochs")
                .then()
                .statusCode(200)
                .body("size()", is(2))
                .body("epoch", equalTo(List.of(1, 2)))
                .body("best", hasItem(true));
        get("/v1/runs").then().statusCode(200).body("jobId", hasItem("whole"));
        List<ConsumerRecord<String, byte[]>> events = read(Topic.TRAIN_EPOCHS, "whole");
        assertThat(events).hasSize(2);
        assertThat(header(events.get(0), "ce_type")).isEqualTo("infinito.training.v1.EpochCompleted");
        assertThat(header(events.get(0), "ce_id")).isEqualTo("whole/epoch/1");
        assertThat(header(events.get(0), "ce_specversion")).isEqualTo("1.0");
        assertThat(header(events.get(0), "content-type")).isEqualTo("application/json");

        BestAlias best =
                BestAlias.fromJson(store.get(CheckpointKeys.best("default")).orElseThrow());
        byte[] json = store.get(best.manifestKey()).orElseThrow();
        assertThat(Sha256.of(json)).isEqualTo(best.manifestSha256());
        CheckpointManifest manifest = CheckpointManifest.fromJson(json);
        assertThat(manifest.parts())
                .containsOnlyKeys(
                        "model.safetensors",
                        "optimizer.safetensors",
                        "config.json",
                        "tokenizer.json",
                        "trainer_state.json");
        manifest.parts().forEach((name, part) -> {
            byte[] content = store.get(CheckpointKeys.folderOf(best.manifestKey()) + name)
                    .orElseThrow();
            assertThat(content.length).isEqualTo((int) part.size());
            assertThat(Sha256.of(content)).isEqualTo(part.sha256());
        });
        // The best, the one before it and the last are kept.
        assertThat(store.list("jobs/whole/").stream().map(StoredObject::key))
                .filteredOn(key -> key.endsWith("manifest.json"))
                .hasSizeBetween(1, 2)
                .contains(best.manifestKey());
    }

    @Test
    void answersARepeatedRequestWithItsOutcomeAndRefusesAnotherBody() {
        String body =
                "{\"jobId\":\"twice\",\"modelName\":\"other\",\"dataset\":{\"source\":\"test:ok\"}," + SMALL + "}";
        request("twice", body);
        awaitPhase("twice", "COMPLETED");
        request("twice", body);
        request("twice", body.replace("\"epochs\":2", "\"epochs\":3"));
        await().atMost(PATIENCE).untilAsserted(() -> {
            List<String> statuses = read(Topic.TRAIN_JOBS, "twice").stream()
                    .map(record -> new String(record.value(), StandardCharsets.UTF_8))
                    .toList();
            assertThat(statuses)
                    .anySatisfy(status -> assertThat(status)
                            .contains("REJECTED")
                            .contains("jobId='twice' was used before with another request"));
            assertThat(statuses.get(statuses.size() - 1)).contains("COMPLETED");
        });
        assertThat(read(Topic.TRAIN_EPOCHS, "twice")).hasSize(2);
        assertThat(store.list(CheckpointKeys.attempts("twice"))).hasSize(1);
    }

    @Test
    void rejectsBadRequestsWithASentenceAndGoesOn() {
        request("garbage", "{not json");
        request("unknown", "{\"jobId\":\"unknown\",\"optimiser\":{}}");
        request(
                "preset",
                "{\"jobId\":\"preset\",\"dataset\":{\"source\":\"test:ok\"},\"model\":{\"preset\":\"huge\"}}");
        awaitPhase("garbage", "REJECTED").body("error", containsString("not JSON"));
        awaitPhase("unknown", "REJECTED").body("error", containsString("unknown field 'optimiser'"));
        awaitPhase("preset", "REJECTED").body("error", containsString("model.preset='huge' is unknown"));

        List<ConsumerRecord<String, byte[]>> dead = await().atMost(PATIENCE)
                .until(
                        () -> readAll(Topic.TRAIN_REQUESTS.deadLetterName(kafka.prefix())),
                        records -> records.size() >= 2);
        assertThat(dead)
                .extracting(ConsumerRecord::key)
                .contains("garbage", "unknown")
                .doesNotContain("preset");
        assertThat(dead)
                .allSatisfy(record ->
                        assertThat(header(record, "dead-letter-reason")).isNotBlank());
    }

    @Test
    void failsWithTheReasonOfTheDataset() {
        request("missing", "{\"jobId\":\"missing\",\"dataset\":{\"source\":\"file:/nowhere\"}," + SMALL + "}");
        request("short", "{\"jobId\":\"short\",\"dataset\":{\"source\":\"test:short\"}," + SMALL + "}");
        awaitPhase("missing", "FAILED").body("error", equalTo("dataset.source='file:/nowhere' does not exist"));
        awaitPhase("short", "FAILED").body("error", containsString("the validation split has 10 tokens"));
    }

    @Test
    void asksOnceAgainForADatasetWhoseShardsHaveGone() {
        request("lost", "{\"jobId\":\"lost\",\"dataset\":{\"source\":\"test:lost\"}," + SMALL + "}");
        awaitPhase("lost", "COMPLETED");
    }

    @Test
    void endsACancelledJob() {
        request(
                "long",
                "{\"jobId\":\"long\",\"dataset\":{\"source\":\"test:ok\"},\"model\":{\"layers\":1,\"hidden\":16,\"heads\":2,"
                        + "\"context\":16},\"training\":{\"epochs\":100000}}");
        await().atMost(PATIENCE).until(() -> phase("long").equals("RUNNING"));
        send(Topic.TRAIN_COMMANDS, "long", "{\"jobId\":\"long\",\"action\":\"CANCEL\"}");
        awaitPhase("long", "CANCELLED");
    }

    @Test
    void goesOnFromTheCheckpointOfAnAttemptThatDied() {
        // What a trainer leaves that was killed after its first epoch: the request, the fence, and a checkpoint. The
        // test makes it by
        // running the job and taking away what came after.
        String body = "{\"jobId\":\"resumed\",\"modelName\":\"resumed\",\"dataset\":{\"source\":\"test:ok\"},"
                + "\"model\":{\"layers\":1,\"hidden\":16,\"heads\":2,\"context\":16},"
                + "\"training\":{\"epochs\":3,\"batchSize\":8,\"keepCheckpoints\":5}}";
        request("resumed", body);
        awaitPhase("resumed", "COMPLETED");
        double straight = lastValidationLoss();
        List<String> manifests = store.list("jobs/resumed/").stream()
                .map(StoredObject::key)
                .filter(key -> key.endsWith("manifest.json"))
                .toList();
        // The second one may have been superseded while it waited for its upload.
        assertThat(manifests)
                .hasSizeBetween(2, 3)
                .startsWith("jobs/resumed/step-00000010/manifest.json")
                .endsWith("jobs/resumed/step-00000030/manifest.json");
        List<String> lost = new ArrayList<>(manifests.subList(1, manifests.size()));
        lost.add(CheckpointKeys.outcome("resumed"));
        lost.add(CheckpointKeys.best("resumed"));
        store.delete(lost);

        request("resumed", body);
        await().atMost(PATIENCE)
                .until(() -> store.get(CheckpointKeys.outcome("resumed")).isPresent());
        assertThat(store.list(CheckpointKeys.attempts("resumed"))).hasSize(2);
        assertThat(lastValidationLoss()).isEqualTo(straight);
        List<String> secondAttempt = read(Topic.TRAIN_EPOCHS, "resumed").stream()
                .map(record -> new String(record.value(), StandardCharsets.UTF_8))
                .filter(json -> json.contains("\"attempt\":2"))
                .toList();
        assertThat(secondAttempt).hasSize(2);
        get("/v1/runs/resumed/epochs").then().body("epoch", equalTo(List.of(1, 2, 3)));
    }

    @Test
    void aJobWhoseTrainersAreKilledAgainAndAgainEndsWithAReason() {
        for (int i = 0; i < 5; i++) {
            JobFence.take(store, "doomed", "other/1", "process-" + i).beginToTrain();
        }
        request("doomed", "{\"jobId\":\"doomed\",\"dataset\":{\"source\":\"test:ok\"}," + SMALL + "}");
        awaitPhase("doomed", "FAILED")
                .body(
                        "error",
                        containsString(
                                "the last 5 trainers of this job were killed, none of them beyond the first checkpoint"))
                .body("error", containsString("training.batchSize"))
                .body("error", containsString("under a new jobId"));
        assertThat(store.get(CheckpointKeys.outcome("doomed"))).isPresent();
    }

    @Test
    void onlyDeathsAtTheSameCheckpointCount() {
        for (int i = 0; i < 4; i++) {
            // Twice each: a process dies only once, however many attempts it had made.
            JobFence.take(store, "unlucky", "other/1", "process-" + i).beginToTrain();
            JobFence.take(store, "unlucky", "other/1", "process-" + i).beginToTrain();
        }
        // One that was told to stop, one that lost its store before and then was told to stop, and one that waited for
        // its dataset.
        JobFence stopped = JobFence.take(store, "unlucky", "other/1", "process-5");
        stopped.beginToTrain();
        stopped.letGo();
        JobFence.take(store, "unlucky", "other/1", "process-6").beginToTrain();
        JobFence.take(store, "unlucky", "other/1", "process-6").letGo();
        JobFence.take(store, "unlucky", "other/1", "process-7");
        // One whose process lives, as after a broker that was away.
        JobFence fence = JobFence.take(store, "unlucky", "other/1", "process-0");
        assertThat(fence.deathsWithoutProgress(5)).isEqualTo(3);
        assertThat(fence.deathsWithoutProgress(2)).isEqualTo(2);
        fence.letGo();
        request("unlucky", "{\"jobId\":\"unlucky\",\"dataset\":{\"source\":\"test:ok\"}," + SMALL + "}");
        awaitPhase("unlucky", "COMPLETED");
        // From here on attempts begin at another checkpoint.
        assertThat(JobFence.take(store, "unlucky", "other/1", "process-9").deathsWithoutProgress(5))
                .isZero();
    }

    private double lastValidationLoss() {
        return CheckpointManifest.fromJson(store.get(BestAlias.fromJson(store.get(CheckpointKeys.best("resumed"))
                                        .orElseThrow())
                                .manifestKey())
                        .orElseThrow())
                .validationLoss();
    }

    @Test
    void keepsWhatTheRequestAndTheAliasesSay() {
        String training = "\"training\":{\"epochs\":5,\"batchSize\":8,\"keepEveryEpochs\":2,\"tensorboard\":true}";
        String body = "{\"jobId\":\"kept\",\"modelName\":\"kept\",\"dataset\":{\"source\":\"test:ok\"},"
                + SMALL.replaceFirst("\"training\".*", training) + "}";
        request("kept", body);
        awaitPhase("kept", "COMPLETED");
        List<Integer> steps = get("/v1/runs/kept/epochs").path("step");
        List<Boolean> best = get("/v1/runs/kept/epochs").path("best");
        Set<String> expected = new TreeSet<>(List.of(
                manifest("kept", steps.get(1)), manifest("kept", steps.get(3)), manifest("kept", steps.get(4))));
        BestAlias alias =
                BestAlias.fromJson(store.get(CheckpointKeys.best("kept")).orElseThrow());
        assertThat(alias.manifestKey()).isEqualTo(manifest("kept", steps.get(best.lastIndexOf(true))));
        expected.add(alias.manifestKey());
        // A rollback finds the best one before.
        expected.add(alias.previous().orElseThrow().manifestKey());
        assertThat(manifests("kept")).containsExactlyElementsOf(expected);

        // The first epoch's of the next job is what an operator went back to, under another name.
        store.put(
                CheckpointKeys.pin("other-name"),
                new Pin(new CheckpointReference(manifest("pinned", steps.get(0)), "", ""), "").toJson());
        request("pinned", body.replace("\"jobId\":\"kept\"", "\"jobId\":\"pinned\""));
        awaitPhase("pinned", "COMPLETED");
        assertThat(manifests("pinned")).contains(manifest("pinned", steps.get(0)));
    }

    @Test
    void leavesAHistoryAndEventFilesBesideTheCheckpoints() {
        request(
                "told",
                "{\"jobId\":\"told\",\"modelName\":\"told\",\"dataset\":{\"source\":\"test:ok\"},"
                        + SMALL.replace("\"epochs\":2", "\"epochs\":2,\"tensorboard\":true") + "}");
        awaitPhase("told", "COMPLETED")
                .body("residentMemoryBytes", notNullValue())
                .body("lastCheckpoint.manifestKey", containsString("jobs/told/step-"));
        int last = get("/v1/runs/told").path("step");
        JsonPath history = new JsonPath(
                new String(store.get(CheckpointKeys.history("told")).orElseThrow(), StandardCharsets.UTF_8));
        assertThat(history.getList("epochs.sequence", Integer.class)).containsExactly(1, 2);
        assertThat(history.getList("steps.step", Integer.class)).hasSize(last).endsWith(last);
        assertThat(store.list(CheckpointKeys.tensorBoard("told")))
                .singleElement()
                .satisfies(file -> assertThat(file.key()).contains("events.out.tfevents."))
                .satisfies(file -> assertThat(file.size()).isGreaterThan(100L * last));

        given().get("/q/metrics")
                .then()
                .statusCode(200)
                .body(containsString("infinito_train_running 0"))
                .body(containsString("infinito_train_steps_total"))
                .body(containsString("infinito_train_jobs_total{phase=\"completed\""))
                .body(containsString("infinito_train_checkpoint_upload_seconds_count"));
    }

    private static String manifest(String jobId, int step) {
        return CheckpointKeys.step(jobId, step) + CheckpointKeys.MANIFEST;
    }

    private List<String> manifests(String jobId) {
        return store.list(CheckpointKeys.job(jobId)).stream()
                .map(StoredObject::key)
                .filter(key -> key.endsWith("manifest.json"))
                .toList();
    }

    @Test
    void answersForUnknownRunsAndHealth() {
        get("/v1/runs/nobody").then().statusCode(404).body("error", equalTo("there is no job 'nobody'"));
        get("/v1/runs/nobody/epochs").then().statusCode(404);
        get("/q/health/live").then().statusCode(200);
        get("/q/health/ready").then().statusCode(200);
        get("/q/metrics").then().statusCode(200);
    }

    private io.restassured.response.ValidatableResponse awaitPhase(String jobId, String phase) {
        await().atMost(PATIENCE).until(() -> phase(jobId).equals(phase));
        return get("/v1/runs/" + jobId).then();
    }

    private static String phase(String jobId) {
        var response = get("/v1/runs/" + jobId);
        return response.statusCode() == 200 ? response.path("phase") : "";
    }

    private void request(String key, String json) {
        send(Topic.TRAIN_REQUESTS, key, json);
    }

    private void send(Topic topic, String key, String json) {
        try {
            producer.send(new ProducerRecord<>(topic.name(kafka.prefix()), key, json))
                    .get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<ConsumerRecord<String, byte[]>> read(Topic topic, String key) {
        return readAll(topic.name(kafka.prefix())).stream()
                .filter(record -> key.equals(record.key()))
                .toList();
    }

    private List<ConsumerRecord<String, byte[]>> readAll(String topic) {
        List<ConsumerRecord<String, byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = kafka.reader()) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all;
    }

    private static String header(ConsumerRecord<?, ?> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
