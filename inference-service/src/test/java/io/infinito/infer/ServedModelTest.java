package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.infinito.embedded.EmbeddedProcess;
import io.infinito.infer.model.CheckpointCache;
import io.infinito.infer.model.DeviceChoice;
import io.infinito.infer.model.FormatChoice;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.ModelLoader;
import io.infinito.infer.model.ReloadMetrics;
import io.infinito.infer.model.ServedAlias;
import io.infinito.infer.model.StartupTimeline;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.infer.model.Torch;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of models where the newest checkpoint is served beside the best. */
class ServedModelTest {
    @TempDir
    Path dir;

    @Test
    void aNameAnAliasOrAVersionIsFoundAndAnythingElseIsToldWhatThereIs() throws Exception {
        try (EmbeddedProcess s3 = EmbeddedProcess.s3(dir.resolve("s3"), 0, "key", "secret");
                ObjectStore store =
                        new ObjectStore(new StorageConfig(s3.address(), "infinito", "key", "secret", "us-east-1"));
                ModelFollower follower = follower(store)) {
            ServedModel served = new ServedModel(follower);
            assertThatThrownBy(() -> served.acquire("tales@last"))
                    .isInstanceOfSatisfying(
                            ModelUnavailableException.class,
                            e -> assertThat(e.known()).isTrue())
                    .hasMessageContaining("none is loaded yet");
            TinyCheckpoint best = TinyCheckpoint.of("tales", 1).publish(store);
            TinyCheckpoint last = TinyCheckpoint.of("tales", 2).upload(store);
            follower.start(Duration.ofHours(1));
            await().until(() -> follower.state(ServedAlias.LAST).serving().isPresent());

            for (String name : List.of("", "tales", "tales@best", "best", "tales@" + best.version())) {
                assertThat(version(served, name)).as(name).isEqualTo(best.version());
            }
            for (String name : List.of("tales@last", "last", "tales@" + last.version())) {
                assertThat(version(served, name)).as(name).isEqualTo(last.version());
            }
            for (String name : List.of("tale", "tales@", "tales@first", "last@tales", best.version())) {
                assertThatThrownBy(() -> served.acquire(name))
                        .isInstanceOf(ModelUnavailableException.class)
                        .hasMessage("model=" + name + " is not served here, only tales@best (" + best.version()
                                + "), tales@last (" + last.version() + ")");
            }
            assertThat(new ModelDescriptions(follower).ofLoaded())
                    .extracting(
                            GetModelResponse::getAlias,
                            model -> model.getModel().getVersion())
                    .containsExactly(tuple("best", best.version()), tuple("last", last.version()));
        }
    }

    private static String version(ServedModel served, String name) throws ModelUnavailableException {
        LoadedModel model = served.acquire(name);
        model.release();
        return model.identity().version();
    }

    private ModelFollower follower(ObjectStore store) {
        CheckpointCache cache = new CheckpointCache(dir.resolve("cache"));
        StartupTimeline timeline = new StartupTimeline();
        return new ModelFollower(
                "tales",
                EnumSet.allOf(ServedAlias.class),
                store,
                new ModelLoader(store, cache, new Torch(DeviceChoice.CPU, 1, FormatChoice.FP32), 4, timeline),
                cache,
                new ReloadMetrics(new SimpleMeterRegistry()),
                timeline,
                () -> {});
    }
}
