package io.infinito.standalone.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.checkpoint.BestAlias;
import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.checkpoint.CheckpointManifest;
import io.infinito.checkpoint.Sha256;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointExportTest {
    private static EmbeddedProcess server;

    @TempDir
    static Path serverDir;

    @TempDir
    Path dir;

    private ObjectStore store;
    private CheckpointExport export;

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
        export = new CheckpointExport(store);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aModelIsWhatItsAliasNames() {
        String key = checkpoint("job", 10, 3.5, "ten");
        checkpoint("job", 20, 3.0, "twenty");
        alias("default", key, Sha256.of(store.get(key).orElseThrow()));

        CheckpointExport.Found found = export.find("default");
        export.download(found, dir.resolve("out"));

        assertThat(found.manifest().version()).isEqualTo("job/step-00000010");
        assertThat(dir.resolve("out/model.safetensors")).hasContent("ten");
        assertThat(dir.resolve("out/manifest.json")).exists();
    }

    @Test
    void aJobGivesItsLowestValidationLoss() {
        checkpoint("job", 10, 3.5, "ten");
        checkpoint("job", 20, 3.0, "twenty");
        checkpoint("job", 30, 3.25, "thirty");
        assertThat(export.find("job").manifest().step()).isEqualTo(20);
    }

    @Test
    void aPartThatWasChangedIsRefusedAndNotKept() {
        String key = checkpoint("job", 10, 3.5, "ten");
        store.put(CheckpointKeys.folderOf(key) + CheckpointKeys.MODEL, bytes("TEN"));
        assertThatThrownBy(() -> export.download(export.find("job"), dir))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("model.safetensors")
                .hasMessageContaining("changed after it was written");
        assertThat(dir.resolve("model.safetensors")).doesNotExist();
    }

    @Test
    void anAliasWithAnotherHashIsRefused() {
        alias("default", checkpoint("job", 10, 3.5, "ten"), "0".repeat(64));
        assertThatThrownBy(() -> export.find("default"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("expects sha256 0000");
    }

    @Test
    void anUnknownNameIsSaid() {
        assertThatThrownBy(() -> export.find("nothing"))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("neither a model nor a job 'nothing'");
    }

    @Test
    void aPartCannotLeaveTheDirectory() {
        CheckpointManifest manifest =
                manifest("job", 10, 3.5, Map.of("../evil", new CheckpointManifest.Part("0".repeat(64), 1)));
        CheckpointExport.Found found = new CheckpointExport.Found("jobs/job/step-00000010/manifest.json", manifest);
        assertThatThrownBy(() -> export.download(found, dir.resolve("out")))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("'../evil'");
    }

    private String checkpoint(String jobId, int step, double validationLoss, String model) {
        String folder = CheckpointKeys.step(jobId, step);
        store.put(folder + CheckpointKeys.MODEL, bytes(model));
        CheckpointManifest.Part part = new CheckpointManifest.Part(Sha256.of(bytes(model)), bytes(model).length);
        String key = folder + CheckpointKeys.MANIFEST;
        store.put(
                key,
                manifest(jobId, step, validationLoss, Map.of(CheckpointKeys.MODEL, part))
                        .toJson());
        return key;
    }

    private static CheckpointManifest manifest(
            String jobId, int step, double validationLoss, Map<String, CheckpointManifest.Part> parts) {
        return new CheckpointManifest(
                jobId,
                "default",
                1,
                step,
                1,
                4.0,
                validationLoss,
                "dataset",
                "digest",
                "tokenizer",
                "2026-11-22T12:00:00Z",
                parts);
    }

    private void alias(String modelName, String manifestKey, String sha256) {
        store.put(
                CheckpointKeys.best(modelName),
                new BestAlias(manifestKey, sha256, "job/step-00000010", "job", 3.5, "digest").toJson());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
