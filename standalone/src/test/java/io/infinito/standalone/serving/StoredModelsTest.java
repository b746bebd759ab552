package io.infinito.standalone.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.Pin;
import io.infinito.checkpoint.Sha256;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.standalone.serving.StoredModels.Model;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredModelsTest {
    private static final String NOW = "2026-11-25T12:00:00Z";

    @TempDir
    static Path serverDir;

    private static EmbeddedProcess server;

    private ObjectStore store;
    private StoredModels models;

    @BeforeAll
    static void startServer() {
        server = EmbeddedProcess.s3(serverDir, 0, "infinito", "infinito-secret");
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void openFreshBucket() {
        store = new ObjectStore(new StorageConfig(
                server.address(), "test-" + UUID.randomUUID(), "infinito", "infinito-secret", "us-east-1"));
        models = new StoredModels(store, Clock.fixed(Instant.parse(NOW), ZoneOffset.UTC));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aRollbackPinsTheBestBeforeAndRepeatingItGoesNoFurther() {
        BestAlias first = alias(checkpoint(10, 3.5));
        BestAlias second = alias(checkpoint(20, 3.1)).after(first);
        store.put(CheckpointKeys.best("tales"), second.toJson());

        Pin pin = models.rollback("tales");
        assertThat(pin).isEqualTo(new Pin(first.checkpoint(), NOW));
        assertThat(models.find("tales").served()).hasValue(first.checkpoint());
        assertThatThrownBy(() -> models.rollback("tales"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("is pinned to job/step-00000010 already");

        assertThat(models.unpin("tales")).hasValue(pin);
        assertThat(models.unpin("tales")).isEmpty();
        assertThat(models.find("tales").served()).hasValue(second.checkpoint());
    }

    @Test
    void thereIsNothingToGoBackToBeforeTheFirst() {
        store.put(CheckpointKeys.best("tales"), alias(checkpoint(10, 3.5)).toJson());
        assertThatThrownBy(() -> models.rollback("tales"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("has had no other best version");
        assertThatThrownBy(() -> models.rollback("tale"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("has no model 'tale'");
    }

    @Test
    void onlyWhatIsWholeIsPinned() {
        String key = checkpoint(10, 3.5);
        assertThat(models.pin("tales", "job/step-00000010").checkpoint().manifestKey())
                .isEqualTo(key);
        assertThatThrownBy(() -> models.pin("tales", "job/10"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("VERSION job/10 must be like job/step-00000292");
        assertThatThrownBy(() -> models.pin("tales", "job/step-00000011"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("no complete checkpoint job/step-00000011");
        checkpoint(20, 3.1);
        store.put(CheckpointKeys.step("job", 20) + CheckpointKeys.MODEL, bytes("short"));
        assertThatThrownBy(() -> models.pin("tales", "job/step-00000020"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("is torn: model.safetensors has 5 bytes, the manifest says 7");
        store.delete(List.of(CheckpointKeys.step("job", 20) + CheckpointKeys.MODEL));
        assertThatThrownBy(() -> models.pin("tales", "job/step-00000020"))
                .hasMessageContaining("is torn: model.safetensors is missing");
        assertThat(models.find("tales").pin().map(pin -> pin.checkpoint().version()))
                .hasValue("job/step-00000010");
        store.put(CheckpointKeys.pin("tales"), bytes("{}"));
        assertThatThrownBy(models::list).hasMessageContaining("models/tales/pin.json cannot be read");
    }

    @Test
    void whatAModelMeansIsShownInRowsAndAsJson() {
        BestAlias first = alias(checkpoint(10, 3.5));
        BestAlias best = alias(checkpoint(20, 3.1)).after(first);
        checkpoint(30, Double.POSITIVE_INFINITY);
        store.put(CheckpointKeys.best("tales"), best.toJson());
        store.put(CheckpointKeys.best("other"), first.toJson());
        models.pin("tales", "job/step-00000010");

        List<Model> all = models.list();
        assertThat(all).extracting(Model::name).containsExactly("other", "tales");
        assertThat(ModelTable.lines(all))
                .anySatisfy(row -> assertThat(row).containsSubsequence("other", "job/step-00000010", "3.5000", "-"))
                .anySatisfy(row ->
                        assertThat(row).containsSubsequence("tales", "job/step-00000010", "3.1000", "since " + NOW));
        GetModelResponse served = GetModelResponse.newBuilder()
                .setObstacle("the checkpoint was refused: torn")
                .build();
        assertThat(ModelTable.details(models.find("tales"), Optional.of(served), models.checkpoints("tales")))
                .contains(
                        "best      job/step-00000020, validation loss 3.1000",
                        "before    job/step-00000010",
                        "pinned to job/step-00000010, since " + NOW,
                        "served    nothing; the checkpoint was refused: torn")
                .satisfies(rows -> assertThat(rows.get(rows.size() - 3)).contains("step-00000030", " -"))
                .satisfies(rows -> assertThat(rows.get(rows.size() - 2)).endsWith("  best"))
                .satisfies(rows -> assertThat(rows.get(rows.size() - 1)).endsWith("  pinned, best before"));
        assertThat(ModelJson.of(models.find("tales")).toString())
                .contains("\"best\":{\"version\":\"job/step-00000020\"", "\"pin\":{\"version\":\"job/step-00000010\"");
    }

    /** The manifest's key. */
    private String checkpoint(int step, double validationLoss) {
        String folder = CheckpointKeys.step("job", step);
        byte[] model = bytes("weights");
        store.put(folder + CheckpointKeys.MODEL, model);
        CheckpointManifest manifest = new CheckpointManifest(
                "job",
                "tales",
                1,
                step,
                1,
                4.0,
                validationLoss,
                "dataset",
                "digest",
                "tokenizer",
                "2026-11-22T12:00:%02dZ".formatted(step),
                Map.of(CheckpointKeys.MODEL, new CheckpointManifest.Part(Sha256.of(model), model.length)));
        store.put(folder + CheckpointKeys.MANIFEST, manifest.toJson());
        return folder + CheckpointKeys.MANIFEST;
    }

    private BestAlias alias(String manifestKey) {
        byte[] json = store.get(manifestKey).orElseThrow();
        CheckpointManifest manifest = CheckpointManifest.fromJson(json);
        return new BestAlias(
                manifestKey, Sha256.of(json), manifest.version(), "job", manifest.validationLoss(), "digest");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
