package io.infinito.infer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.gpt.GptConfig;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ModelFollowerTest {
    private static final Duration SOON = Duration.ofMillis(50);
    private static final AtomicInteger NAMES = new AtomicInteger();

    @TempDir
    static Path s3Directory;

    @TempDir
    Path cacheDirectory;

    private static EmbeddedProcess s3;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final AtomicInteger swaps = new AtomicInteger();
    private ObjectStore store;
    private String name;
    private ModelFollower follower;

    @BeforeAll
    static void startS3() {
        s3 = EmbeddedProcess.s3(s3Directory, 0, "key", "secret");
    }

    @AfterAll
    static void stopS3() {
        s3.close();
    }

    @BeforeEach
    void open(TestInfo test) {
        name = "model-" + NAMES.incrementAndGet();
        store = store(s3.address());
        follower = follower(store);
    }

    @AfterEach
    void close() throws InterruptedException {
        follower.close();
        store.close();
    }

    @Test
    void findsANewModelByThePollAndFreesTheOldOneAfterItsLastUser() {
        store.ensureBucket();
        follower.start(SOON);
        await().until(() -> follower.obstacle().contains("models/" + name + "/best.json does not exist yet"));
        assertThat(follower.acquire()).isEmpty();

        TinyCheckpoint first = TinyCheckpoint.of(name, 1).publish(store);
        await().until(() -> follower.acquire().map(this::versionOf).equals(java.util.Optional.of(first.version())));
        assertThat(follower.obstacle()).isEmpty();
        LoadedModel inUse = follower.acquire().orElseThrow();
        assertThat(inUse.identity()).isEqualTo(new ModelIdentity(name, first.version(), 1, first.sha256()));

        TinyCheckpoint second = TinyCheckpoint.of(name, 2).publish(store);
        await().until(() -> servesVersion(second));
        assertThat(inUse.isFreed()).isFalse();
        inUse.release();
        await().until(inUse::isFreed);
        assertThat(swaps).hasValue(2);
        assertThat(meters.get("infinito.model.reload").timer().count()).isEqualTo(2);
        // Only what is served is kept on disk.
        await().until(() -> Arrays.equals(cacheDirectory.toFile().list(), new String[] {second.sha256()}));
    }

    @Test
    void looksAtOnceWhenTold() {
        follower.start(Duration.ofHours(1));
        await().until(() -> !follower.obstacle().contains("not asked yet"));
        TinyCheckpoint checkpoint = TinyCheckpoint.of(name, 1).publish(store);
        follower.checkSoon();
        await().until(() -> servesVersion(checkpoint));
    }

    @Test
    void goesBackWhenTheAliasDoes() {
        TinyCheckpoint first = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> servesVersion(first));
        TinyCheckpoint second = TinyCheckpoint.of(name, 2).publish(store);
        await().until(() -> servesVersion(second));
        first.publish(store);
        await().until(() -> servesVersion(first));
    }

    static Stream<Map.Entry<String, Damage>> damages() {
        GptConfig other = new GptConfig(TinyTokenizer.VOCABULARY, 32, 1, 2, 24, true);
        GptConfig larger = new GptConfig(300, 32, 1, 2, 16, true);
        return Stream.of(
                Map.entry("has sha256", name -> flipped(TinyCheckpoint.of(name, 9))),
                Map.entry("bytes, the manifest says", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    return whole.with(CheckpointKeys.MODEL, Arrays.copyOf(model, model.length - 4));
                }),
                Map.entry("outside the file: it is torn", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    return whole.with(CheckpointKeys.MODEL, Arrays.copyOf(model, model.length - 4))
                            .seal();
                }),
                Map.entry(
                        "model.safetensors does not exist: the checkpoint is torn",
                        name -> TinyCheckpoint.of(name, 9).without(CheckpointKeys.MODEL)),
                Map.entry(
                        "lists no part tokenizer.json",
                        name -> TinyCheckpoint.of(name, 9)
                                .without(CheckpointKeys.TOKENIZER)
                                .seal()),
                Map.entry(
                        "format 2",
                        name -> TinyCheckpoint.of(name, 9).editManifest("\"format\" : 1", "\"format\" : 2")),
                Map.entry("manifest.json", name -> TinyCheckpoint.of(name, 9).editManifest("{", "[")),
                Map.entry("has shape", name -> TinyCheckpoint.of(name, 9, TinyModels.CONFIG, other)),
                Map.entry("vocab_size=300", name -> TinyCheckpoint.of(name, 9, larger, larger)),
                Map.entry(
                        "the model was trained with",
                        name -> TinyCheckpoint.of(name, 9)
                                .editManifest("\"tokenizerSha256\" : \"", "\"tokenizerSha256\" : \"0")),
                Map.entry("activation_function=relu", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    String config = new String(whole.part(CheckpointKeys.CONFIG), StandardCharsets.UTF_8);
                    return whole.with(
                                    CheckpointKeys.CONFIG,
                                    config.replace("gelu_new", "relu").getBytes(StandardCharsets.UTF_8))
                            .seal();
                }),
                Map.entry("not a finite number", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    // The last tensor is the final LayerNorm's bias: make it NaN.
                    Arrays.fill(model, model.length - 64, model.length, (byte) 0xFF);
                    return whole.seal();
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damages")
    void refusesWhatIsDamagedAndKeepsTheOldOne(Map.Entry<String, Damage> damage) {
        TinyCheckpoint good = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> servesVersion(good));
        damage.getValue().damaged(name).publish(store);
        await().until(() -> follower.lastRefusal().contains(damage.getKey()));
        assertThat(servesVersion(good)).isTrue();
        assertThat(meters.get("infinito.model.reload.refused").counter().count())
                .isEqualTo(1);

        TinyCheckpoint next = TinyCheckpoint.of(name, 3).publish(store);
        await().until(() -> servesVersion(next));
        assertThat(follower.lastRefusal()).isEmpty();
        assertThat(follower.obstacle()).isEmpty();
    }

    @Test
    void refusesAnAliasThatPointsNowhereOrIsNoJson() {
        TinyCheckpoint.of(name, 1).publish(store);
        store.delete(List.of(TinyCheckpoint.of(name, 1).manifestKey()));
        follower.start(SOON);
        await().until(() -> follower.lastRefusal().contains("manifest.json does not exist"));
        store.put(CheckpointKeys.best(name), "nonsense".getBytes(StandardCharsets.UTF_8));
        await().until(() -> follower.lastRefusal().contains("best.json is not JSON"));
        assertThat(follower.obstacle()).contains("refused");
        assertThat(follower.acquire()).isEmpty();
    }

    @Test
    void filesOnDiskThatWereAlteredAreDownloadedAgain() throws IOException {
        TinyCheckpoint checkpoint = TinyCheckpoint.of(name, 1).publish(store);
        Path folder = Files.createDirectories(cacheDirectory.resolve(checkpoint.sha256()));
        Files.writeString(folder.resolve(CheckpointKeys.CONFIG), "{}");
        follower.start(SOON);
        await().until(() -> servesVersion(checkpoint));
    }

    @Test
    void aStoreThatIsAwayIsAnObstacleThatPasses() throws InterruptedException {
        follower.close();
        EmbeddedProcess mortal = EmbeddedProcess.s3(s3Directory.resolve("mortal"), 0, "key", "secret");
        ObjectStore away = store(mortal.address());
        TinyCheckpoint checkpoint = TinyCheckpoint.of(name, 1).publish(away);
        mortal.close();
        follower = follower(away);
        follower.start(SOON);
        await().until(() -> follower.obstacle().contains("cannot read s3://"));
        assertThat(follower.acquire()).isEmpty();
        int port = java.net.URI.create(mortal.address()).getPort();
        try (EmbeddedProcess again = EmbeddedProcess.s3(s3Directory.resolve("mortal"), port, "key", "secret")) {
            assertThat(again.address()).isEqualTo(mortal.address());
            await().until(() -> servesVersion(checkpoint));
        }
    }

    private boolean servesVersion(TinyCheckpoint checkpoint) {
        return follower.serving()
                .filter(m -> m.sha256().equals(checkpoint.sha256()))
                .isPresent();
    }

    private String versionOf(LoadedModel model) {
        model.release();
        return model.identity().version();
    }

    private ModelFollower follower(ObjectStore from) {
        CheckpointCache cache = new CheckpointCache(cacheDirectory);
        return new ModelFollower(
                name,
                from,
                new ModelLoader(from, cache, new Torch(DeviceChoice.CPU, 1, FormatChoice.FP32)),
                cache,
                new ReloadMetrics(meters),
                swaps::incrementAndGet);
    }

    private static ObjectStore store(String address) {
        return new ObjectStore(new StorageConfig(address, "infinito", "key", "secret", "us-east-1")
                .withRetryFor(Duration.ofMillis(200)));
    }

    private static TinyCheckpoint flipped(TinyCheckpoint checkpoint) {
        byte[] model = checkpoint.part(CheckpointKeys.MODEL);
        model[model.length - 1] ^= 1;
        return checkpoint;
    }

    interface Damage {
        TinyCheckpoint damaged(String modelName);
    }
}
