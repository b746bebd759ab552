package io.infinito.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.gpt.GptConfig;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The small JSON documents: what is written is read back, and what is wrong is named. */
class DocumentsTest {
    private static final CheckpointManifest MANIFEST = new CheckpointManifest(
            "demo",
            "default",
            2,
            292,
            1,
            3.25,
            Double.POSITIVE_INFINITY,
            "dataset",
            "digest",
            "tokenizer",
            "2026-11-22T10:00:00Z",
            Map.of("model.safetensors", new CheckpointManifest.Part("abc", 1L << 33)));

    @Test
    void manifestsAreReadBack() {
        assertThat(CheckpointManifest.fromJson(MANIFEST.toJson())).isEqualTo(MANIFEST);
        assertThat(MANIFEST.version()).isEqualTo("demo/step-00000292");
    }

    @Test
    void newerManifestsAreRefused() {
        String newer = text(MANIFEST.toJson()).replace("\"format\" : 1", "\"format\" : 2");
        assertThatThrownBy(() -> CheckpointManifest.fromJson(bytes(newer)))
                .isInstanceOf(CheckpointManifest.TooNewException.class)
                .hasMessageContaining("has format 2; this version reads up to 1");
    }

    @Test
    void missingFieldsAreNamed() {
        String incomplete = text(MANIFEST.toJson()).replace("\"jobId\"", "\"id\"");
        assertThatThrownBy(() -> CheckpointManifest.fromJson(bytes(incomplete)))
                .hasMessage("manifest.json has no field jobId");
        assertThatThrownBy(() -> CheckpointManifest.fromJson(bytes("[]"))).hasMessageContaining("not a JSON object");
        assertThatThrownBy(() -> CheckpointManifest.fromJson(bytes("{\"format\":")))
                .hasMessageContaining("is not JSON");
    }

    @Test
    void aliasesAreReadBackAndCompared() {
        BestAlias alias = new BestAlias("jobs/a/step-00000001/manifest.json", "sha", "a/step-00000001", "a", 3.5, "d");
        assertThat(BestAlias.fromJson(alias.toJson())).isEqualTo(alias);
        assertThat(alias.isBetterThan(3.6, "d")).isTrue();
        assertThat(alias.isBetterThan(3.4, "d")).isFalse();
        assertThat(alias.isBetterThan(3.6, "other")).isFalse();
    }

    @Test
    void anAliasRemembersWhatItPointedToBefore() {
        BestAlias first = new BestAlias("jobs/a/step-00000001/manifest.json", "one", "a/step-00000001", "a", 3.5, "d");
        BestAlias second = new BestAlias("jobs/a/step-00000002/manifest.json", "two", "a/step-00000002", "a", 3.4, "d");
        BestAlias moved = second.after(first);
        assertThat(moved.previous()).hasValue(first.checkpoint());
        assertThat(BestAlias.fromJson(moved.toJson())).isEqualTo(moved);
        assertThat(second.after(moved)).as("moved to where it was").isEqualTo(moved);
        String incomplete = text(moved.toJson()).replaceFirst("(?s)(previous.*)\"sha256\"", "$1\"sum\"");
        assertThatThrownBy(() -> BestAlias.fromJson(bytes(incomplete)))
                .hasMessage("best.json: previous has no field sha256");
    }

    @Test
    void pinsAreReadBack() {
        Pin pin = new Pin(
                new CheckpointReference("jobs/a/step-00000001/manifest.json", "sha", "a/step-00000001"),
                "2026-11-22T10:00:00Z");
        assertThat(Pin.fromJson(pin.toJson())).isEqualTo(pin);
        assertThatThrownBy(() -> Pin.fromJson(bytes("{}"))).hasMessage("pin.json has no field manifestKey");
    }

    @Test
    void statesAreReadBack() {
        assertThat(TrainerState.fromJson(TrainerState.START.toJson())).isEqualTo(TrainerState.START);
        TrainerState state = new TrainerState(10, 1, 0.1 + 0.2, 3, 1.1, 8, 2, 9, new TrainerState.Guard(0.7, 2, 1));
        assertThat(TrainerState.fromJson(state.toJson())).isEqualTo(state);
    }

    @Test
    void huggingFaceConfigurationsAreReadBack() {
        GptConfig config = new GptConfig(50_257, 256, 6, 8, 512, false);
        byte[] json = HuggingFaceConfig.write(config, 50_256);
        assertThat(HuggingFaceConfig.read(json)).isEqualTo(config);
        assertThat(text(json))
                .contains("\"activation_function\" : \"gelu_new\"")
                .contains("\"eos_token_id\" : 50256");
        assertThatThrownBy(() -> HuggingFaceConfig.read(bytes(text(json).replace("gelu_new", "relu"))))
                .hasMessageContaining("activation_function=relu is not supported");
    }

    @Test
    void keysAreTakenApart() {
        assertThat(CheckpointKeys.isBest(CheckpointKeys.best("tales"))).isTrue();
        assertThat(CheckpointKeys.isPin(CheckpointKeys.pin("tales"))).isTrue();
        assertThat(CheckpointKeys.isPin(CheckpointKeys.best("tales"))).isFalse();
        assertThat(CheckpointKeys.modelOf(CheckpointKeys.pin("tales"))).isEqualTo("tales");
        String manifest = CheckpointKeys.step("a.b", 292) + CheckpointKeys.MANIFEST;
        assertThat(manifest).isEqualTo("jobs/a.b/step-00000292/manifest.json");
        assertThat(CheckpointKeys.stepOfManifest(manifest)).hasValue(292);
        assertThat(CheckpointKeys.stepOfManifest("jobs/a.b/step-00000292/model.safetensors"))
                .isEmpty();
        assertThat(CheckpointKeys.folderOf(manifest)).isEqualTo("jobs/a.b/step-00000292/");
        assertThat(CheckpointKeys.attemptOf(CheckpointKeys.attempt("a", 7))).hasValue(7);
    }

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
