package io.infinito.infer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.embedded.EmbeddedProcess;
import io.infinito.infer.model.CheckpointRefusedException.Reason;
import io.infinito.storage.ObjectStore;
import io.infinito.storage.StorageConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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
        assertThat(follower.loadedModels()).isEqualTo(2);
        inUse.release();
        await().until(inUse::isFreed);
        assertThat(swaps).hasValue(2);
        assertThat(meters.get("infinito.model.reload").timer().count()).isEqualTo(2);
        assertThat(meters.get("infinito.models.loaded").gauge().value()).isEqualTo(1);
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

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.infinito.infer.model.DamagedCheckpoint#all")
    void refusesWhatIsDamagedAndKeepsTheOldOne(DamagedCheckpoint damage) {
        TinyCheckpoint good = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> servesVersion(good));
        TinyCheckpoint damaged = damage.of(name).publish(store);
        await().until(() -> follower.lastRefusal().contains(damage.message()));
        assertThat(servesVersion(good)).isTrue();
        ServingState state = follower.state(ServedAlias.BEST);
        assertThat(state.refusalReason()).hasValue(damage.reason());
        assertThat(state.wanted()).isEqualTo(damaged.version());
        assertThat(refused(damage.reason())).isEqualTo(1);
        assertThat(meters.get("infinito.model.reload.refused").counters().stream()
                        .mapToDouble(Counter::count)
                        .sum())
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
        assertThat(refused(Reason.ALIAS)).isEqualTo(1);
        assertThat(follower.acquire()).isEmpty();
    }

    @Test
    void aPinHoldsAVersionWhateverTheBestIs() {
        TinyCheckpoint first = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> servesVersion(first));
        TinyCheckpoint second = TinyCheckpoint.of(name, 2).publish(store);
        await().until(() -> servesVersion(second));

        first.pin(store, "1");
        await().until(() -> servesVersion(first));
        assertThat(follower.state(ServedAlias.BEST).pinnedAt()).isEqualTo("1");
        TinyCheckpoint third = TinyCheckpoint.of(name, 3).publish(store);
        store.delete(List.of(second.manifestKey()));
        second.pin(store, "2");
        await().until(() -> follower.lastRefusal().contains("does not exist"));
        assertThat(servesVersion(first)).isTrue();

        // The same checkpoint again, now whole: another time of pinning makes it another try.
        second.upload(store).pin(store, "3");
        await().until(() -> servesVersion(second));
        assertThat(follower.obstacle()).isEmpty();

        store.delete(List.of(CheckpointKeys.pin(name)));
        await().until(() -> servesVersion(third));
        assertThat(follower.state(ServedAlias.BEST).pinnedAt()).isEmpty();
    }

    @Test
    void withoutAModelAPinThatCannotBeServedIsNotReplacedByTheBest() {
        TinyCheckpoint.of(name, 1).publish(store);
        store.put(CheckpointKeys.pin(name), "{}".getBytes(StandardCharsets.UTF_8));
        follower.start(SOON);
        await().until(() -> follower.lastRefusal().contains("pin.json has no field manifestKey"));
        assertThat(follower.acquire()).isEmpty();
        store.delete(List.of(CheckpointKeys.pin(name)));
        await().until(() -> follower.serving().isPresent());
    }

    @Test
    void followsTheNewestCheckpointOfTheJobBesideTheBest() throws InterruptedException {
        follower.close();
        follower = follower(store, EnumSet.allOf(ServedAlias.class));
        TinyCheckpoint first = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> serves(ServedAlias.LAST, first) && servesVersion(first));
        assertThat(follower.loadedModels()).as("one copy for both names").isEqualTo(1);

        TinyCheckpoint second = TinyCheckpoint.of(name, 2).upload(store);
        await().until(() -> serves(ServedAlias.LAST, second));
        assertThat(servesVersion(first)).isTrue();
        await().until(() -> Set.of(first.sha256(), second.sha256())
                .equals(Set.of(cacheDirectory.toFile().list())));

        second.serve(store);
        await().until(() -> servesVersion(second));
        assertThat(follower.loadedModels()).isEqualTo(1);
    }

    private boolean serves(ServedAlias alias, TinyCheckpoint checkpoint) {
        return follower.state(alias)
                .serving()
                .filter(m -> m.sha256().equals(checkpoint.sha256()))
                .isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void filesOnDiskThatWereAlteredAreDownloadedAgain(Alteration alteration) throws IOException {
        TinyCheckpoint checkpoint = TinyCheckpoint.of(name, 1).publish(store);
        Path folder = Files.createDirectories(cacheDirectory.resolve(checkpoint.sha256()));
        for (String part : List.of(CheckpointKeys.CONFIG, CheckpointKeys.TOKENIZER, CheckpointKeys.MODEL)) {
            Files.write(folder.resolve(part), checkpoint.part(part));
        }
        Files.write(
                folder.resolve(alteration.part),
                alteration.of(checkpoint.part(alteration.part).clone()));
        follower.start(SOON);
        await().until(() -> servesVersion(checkpoint));
        assertThat(folder.resolve(alteration.part)).hasBinaryContent(checkpoint.part(alteration.part));
        assertThat(follower.lastRefusal()).isEmpty();
    }

    /** What happened to a file of an earlier download. */
    enum Alteration {
        OTHER_CONFIG(CheckpointKeys.CONFIG) {
            @Override
            byte[] of(byte[] file) {
                return "{}".getBytes(StandardCharsets.UTF_8);
            }
        },
        EMPTY_TOKENIZER(CheckpointKeys.TOKENIZER) {
            @Override
            byte[] of(byte[] file) {
                return new byte[0];
            }
        },
        CUT_WEIGHTS(CheckpointKeys.MODEL) {
            @Override
            byte[] of(byte[] file) {
                return Arrays.copyOf(file, file.length / 2);
            }
        },
        OTHER_WEIGHTS(CheckpointKeys.MODEL) {
            @Override
            byte[] of(byte[] file) {
                file[file.length - 1] ^= 1;
                return file;
            }
        },
        WEIGHTS_THAT_ARE_NO_NUMBERS(CheckpointKeys.MODEL) {
            @Override
            byte[] of(byte[] file) {
                Arrays.fill(file, file.length - 64, file.length, (byte) 0xFF);
                return file;
            }
        },
        NO_WEIGHTS(CheckpointKeys.MODEL) {
            @Override
            byte[] of(byte[] file) {
                return new byte[file.length];
            }
        };

        private final String part;

        Alteration(String part) {
            this.part = part;
        }

        /** The file as it is found. */
        abstract byte[] of(byte[] file);
    }

    @Test
    void aKeptCheckpointIsServedWithoutAnotherDownload() throws InterruptedException {
        TinyCheckpoint first = TinyCheckpoint.of(name, 1).publish(store);
        follower.start(SOON);
        await().until(() -> servesVersion(first));
        store.delete(List.of(CheckpointKeys.folderOf(first.manifestKey()) + CheckpointKeys.MODEL));
        follower.close();
        follower = follower(store);
        follower.start(SOON);
        await().until(() -> servesVersion(first));
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
        return serves(ServedAlias.BEST, checkpoint);
    }

    private String versionOf(LoadedModel model) {
        model.release();
        return model.identity().version();
    }

    private ModelFollower follower(ObjectStore from) {
        return follower(from, EnumSet.of(ServedAlias.BEST));
    }

    private ModelFollower follower(ObjectStore from, Set<ServedAlias> served) {
        CheckpointCache cache = new CheckpointCache(cacheDirectory);
        StartupTimeline timeline = new StartupTimeline();
        return new ModelFollower(
                name,
                served,
                from,
                new ModelLoader(from, cache, new Torch(DeviceChoice.CPU, 1, FormatChoice.FP32), 4, timeline),
                cache,
                new ReloadMetrics(meters),
                timeline,
                swaps::incrementAndGet);
    }

    private static ObjectStore store(String address) {
        return new ObjectStore(new StorageConfig(address, "infinito", "key", "secret", "us-east-1")
                .withRetryFor(Duration.ofMillis(200)));
    }

    private double refused(Reason reason) {
        return meters.get("infinito.model.reload.refused")
                .tag("reason", reason.tag())
                .counter()
                .count();
    }
}
