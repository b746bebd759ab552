package io.infinito.train.job;

import static io.restassured.RestAssured.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.events.Topic;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StoredObject;
import io.infinito.train.checkpoint.StoredModel;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a request can say of learning, from the request to the events, and weights to begin with. */
@QuarkusTest
@QuarkusTestResource(BrokerAndStore.class)
class LearningOptionsTest {
    private static final String SIZES = "\"model\":{\"layers\":1,\"hidden\":16,\"heads\":2,\"context\":16}";
    private static final String ONE_EPOCH = ",\"training\":{\"epochs\":1,\"batchSize\":8}";

    @Inject
    KafkaClients kafka;

    @Inject
    ObjectStore store;

    @TempDir
    Path folder;

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
    void everyMeasureIsInTheEvents() {
        run(
                "measured",
                SIZES
                        + ",\"training\":{\"epochs\":3,\"batchSize\":8,\"emaDecay\":0.9,\"evaluateEverySteps\":2,"
                        + "\"tokenDropout\":0.1,\"labelSmoothing\":0.1,\"randomOffset\":true,\"guard\":\"SKIP\","
                        + "\"spikeFactor\":3,\"samplePrompts\":[\"the cat\"],\"sampleTokens\":4}",
                "COMPLETED");
        JsonPath epochs = get("/v1/runs/measured/epochs").jsonPath();
        assertThat(epochs.getList("validation.tokens")).isEqualTo(List.of("149", "149", "149"));
        assertThat(epochs.getDouble("[0].validation.loss")).isEqualTo(epochs.getDouble("[0].validationLoss"));
        assertThat(epochs.getDouble("[0].validation.wordPerplexity")).isGreaterThan(1);
        assertThat(epochs.getDouble("[0].validation.bitsPerByte")).isGreaterThan(0);
        assertThat(epochs.getList("samples.prompt")).hasSize(3).containsOnly(List.of("the cat"));
        assertThat(epochs.getString("[2].samples[0].continuation")).isNotEmpty();
        assertThat(epochs.getMap("[1].test")).isNull();
        assertThat(epochs.getString("[2].test.tokens")).isEqualTo("89");
    }

    @Test
    void servesTheBestWhereverInAnEpochItWas() {
        run(
                "often",
                "\"modelName\":\"often\"," + SIZES
                        + ",\"training\":{\"epochs\":2,\"batchSize\":8,\"evaluateEverySteps\":1,\"checkpointEverySteps\":1}",
                "COMPLETED");
        StoredModel best = StoredModel.best(store, "often", folder);
        assertThat(best.manifest().validationLoss())
                .isCloseTo(get("/v1/runs/often").jsonPath().getDouble("bestValidationLoss"), within(1e-5));
    }

    @Test
    void aJobThatTheGuardEndsKeepsItsLastGoodStep() {
        run("spiky", SIZES + ",\"training\":{\"epochs\":100,\"batchSize\":4,\"spikeFactor\":1.02}", "FAILED");
        assertThat(error("spiky")).contains("training.spikeFactor=1.02");
        int lastGood = get("/v1/runs/spiky").path("step");
        assertThat(store.list(CheckpointKeys.job("spiky")))
                .extracting(StoredObject::key)
                .contains(CheckpointKeys.step("spiky", lastGood) + CheckpointKeys.MANIFEST);
    }

    @Test
    void beginsWithTheWeightsOfACheckpoint() {
        run(
                "first",
                "\"modelName\":\"trained\"," + SIZES + ",\"training\":{\"epochs\":3,\"batchSize\":8}",
                "COMPLETED");
        double trained = get("/v1/runs/first/epochs").jsonPath().getDouble("[2].validationLoss");
        BestAlias best =
                BestAlias.fromJson(store.get(CheckpointKeys.best("trained")).orElseThrow());
        String gentle = ",\"training\":{\"epochs\":1,\"batchSize\":8,\"learningRate\":1e-6}";

        run("by-name", "\"initFrom\":{\"modelName\":\"trained\"}" + gentle, "COMPLETED");
        run("by-key", "\"initFrom\":{\"manifestKey\":\"" + best.manifestKey() + "\"}" + gentle, "COMPLETED");
        for (String jobId : List.of("by-name", "by-key")) {
            assertThat(get("/v1/runs/" + jobId + "/epochs").jsonPath().getDouble("[0].validationLoss"))
                    .isLessThan(trained + 0.01);
        }

        String folderOfBest = CheckpointKeys.folderOf(best.manifestKey());
        store.download(folderOfBest + CheckpointKeys.MODEL, folder.resolve(CheckpointKeys.MODEL));
        store.download(folderOfBest + CheckpointKeys.CONFIG, folder.resolve(CheckpointKeys.CONFIG));
        run("exported", "\"initFrom\":{\"huggingFace\":\"" + folder + "\"}" + gentle, "COMPLETED");
        assertThat(get("/v1/runs/exported/epochs").jsonPath().getDouble("[0].validationLoss"))
                .isEqualTo(get("/v1/runs/by-key/epochs").jsonPath().getDouble("[0].validationLoss"));
        run("conflict", "\"initFrom\":{\"huggingFace\":\"" + folder + "\"},\"model\":{\"heads\":4}" + gentle, "FAILED");
        assertThat(error("conflict")).contains("model.heads=4 must be 2");
    }

    @Test
    void saysWhichWeightsThereAreNot() {
        run("nameless", "\"initFrom\":{\"modelName\":\"nobody\"}" + ONE_EPOCH, "FAILED");
        assertThat(error("nameless")).contains("no model of the name 'nobody'");
        run("keyless", "\"initFrom\":{\"manifestKey\":\"jobs/x/step-00000001/manifest.json\"}" + ONE_EPOCH, "FAILED");
        assertThat(error("keyless")).contains("no checkpoint jobs/x/step-00000001/manifest.json");
        run("empty", "\"initFrom\":{\"huggingFace\":\"" + folder + "\"}" + ONE_EPOCH, "FAILED");
        assertThat(error("empty")).contains("model.safetensors.index.json");
    }

    private void run(String jobId, String fields, String phase) {
        String request = "{\"jobId\":\"" + jobId + "\",\"dataset\":{\"source\":\"test:full\"}," + fields + "}";
        try {
            producer.send(new ProducerRecord<>(Topic.TRAIN_REQUESTS.name(kafka.prefix()), jobId, request))
                    .get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
        await().atMost(Duration.ofSeconds(60))
                .until(() -> get("/v1/runs/" + jobId).statusCode() == 200
                        && List.of("COMPLETED", "FAILED", "REJECTED").contains(phaseOf(jobId)));
        assertThat(phaseOf(jobId)).as(error(jobId)).isEqualTo(phase);
    }

    private static String phaseOf(String jobId) {
        return get("/v1/runs/" + jobId).path("phase");
    }

    private static String error(String jobId) {
        return get("/v1/runs/" + jobId).path("error");
    }
}
