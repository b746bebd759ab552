package io.infinito.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.infinito.embedded.EmbeddedProcess;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectStoreTest {
    private static EmbeddedProcess server;

    @TempDir
    static Path serverDir;

    @TempDir
    Path dir;

    private ObjectStore store;

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
        store = new ObjectStore(config(server.address(), "infinito-secret"));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theFirstWriteMakesTheBucket() {
        assertThat(store.get("some/key")).isEmpty();
        assertThat(store.size("some/key")).isEmpty();
        assertThat(store.list("")).isEmpty();

        store.put("some/key", bytes("hello"));

        assertThat(store.get("some/key"))
                .hasValueSatisfying(content -> assertThat(content).isEqualTo(bytes("hello")));
        assertThat(store.size("some/key")).hasValue(5);
    }

    @Test
    void aSecondWriteReplacesAndAnEmptyObjectIsAnObject() {
        store.put("key", bytes("one"));
        store.put("key", bytes(""));
        assertThat(store.get("key"))
                .hasValueSatisfying(content -> assertThat(content).isEmpty());
    }

    @Test
    void ensuringTheBucketTwiceIsHarmless() {
        store.ensureBucket();
        store.ensureBucket();
        assertThat(store.isReachable()).isTrue();
    }

    @Test
    void ofManyCreatorsExactlyOneWins() throws Exception {
        int creators = 8;
        ExecutorService threads = Executors.newFixedThreadPool(creators);
        try {
            for (int round = 0; round < 10; round++) {
                String key = "fence/" + round;
                CyclicBarrier together = new CyclicBarrier(creators);
                List<Future<Boolean>> outcomes = new ArrayList<>();
                for (int i = 0; i < creators; i++) {
                    byte[] content = bytes("creator " + i);
                    outcomes.add(threads.submit(() -> {
                        together.await();
                        return store.putIfAbsent(key, content);
                    }));
                }
                int winner = -1;
                for (int i = 0; i < creators; i++) {
                    if (outcomes.get(i).get()) {
                        assertThat(winner)
                                .as("another winner of round %d", round)
                                .isNegative();
                        winner = i;
                    }
                }
                assertThat(store.get(key).map(content -> new String(content, StandardCharsets.UTF_8)))
                        .hasValue("creator " + winner);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aBigFileComesBackAsItWas() throws Exception {
        byte[] content = new byte[20 * 1024 * 1024 + 7];
        new Random(20261122).nextBytes(content);
        Path file = Files.write(dir.resolve("model.safetensors"), content);

        store.put("big", file);
        MessageDigest seen = MessageDigest.getInstance("SHA-256");
        store.download("big", dir.resolve("back/model.safetensors"), in -> new DigestInputStream(in, seen));
        assertThat(seen.digest()).isEqualTo(MessageDigest.getInstance("SHA-256").digest(content));

        assertThat(store.size("big")).hasValue(content.length);
        assertThat(dir.resolve("back/model.safetensors")).hasBinaryContent(content);
        try (InputStream stream = store.open("big")) {
            assertThat(stream.readAllBytes()).isEqualTo(content);
        }
        try (var left = Files.list(dir.resolve("back"))) {
            assertThat(left).hasSize(1);
        }
    }

    @Test
    void aListingIsInKeyOrderAndKnowsSizes() {
        store.put("jobs/b/step-00000002/x", bytes("22"));
        store.put("jobs/a/step-00000010/x", bytes("4444"));
        store.put("jobs/a/step-00000009/x", bytes("333"));
        store.put("models/default/best.json", bytes("{}"));

        assertThat(store.list("jobs/"))
                .extracting(StoredObject::key, StoredObject::size)
                .containsExactly(
                        tuple("jobs/a/step-00000009/x", 3L),
                        tuple("jobs/a/step-00000010/x", 4L),
                        tuple("jobs/b/step-00000002/x", 2L));
    }

    @Test
    void whatWasListedIsNotReplacedByWhatCameLater() {
        store.put("listed/a", bytes("before"));
        StoredObject listed = store.list("listed/").get(0);
        assertThat(store.find("listed/a")).contains(listed);
        store.download(listed, dir.resolve("listed"));
        assertThat(dir.resolve("listed")).hasContent("before");

        store.put("listed/a", bytes("behind"));
        assertThat(store.find("listed/a").orElseThrow().etag()).isNotEqualTo(listed.etag());
        assertThatThrownBy(() -> store.download(listed, dir.resolve("listed")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("listed/a");
        assertThat(store.find("listed/none")).isEmpty();
    }

    @Test
    void aListingOverAThousandKeysIsComplete() {
        for (int i = 0; i < 1_010; i++) {
            store.put("many/%04d".formatted(i), bytes("x"));
        }
        assertThat(store.list("many/"))
                .hasSize(1_010)
                .isSortedAccordingTo((a, b) -> a.key().compareTo(b.key()));
    }

    @Test
    void deletingPassesOverWhatIsNotThere() {
        store.put("a", bytes("a"));
        store.put("b", bytes("b"));
        store.delete(List.of("a", "never-written"));
        store.delete(List.of());
        assertThat(store.list("")).extracting(StoredObject::key).containsExactly("b");
    }

    @Test
    void aMissingObjectIsNamed() {
        store.ensureBucket();
        assertThatThrownBy(() -> store.open("not/there"))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("s3://" + store.bucket() + "/not/there")
                .hasMessageContaining("does not exist");
    }

    @Test
    void aMissingFileIsNotTriedAgain() {
        assertThatThrownBy(() -> store.put("key", dir.resolve("absent")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("absent");
    }

    @Test
    void aWrongSecretIsRefusedWithAHint() {
        try (ObjectStore stranger = new ObjectStore(config(server.address(), "not-the-secret"))) {
            assertThat(stranger.isReachable()).isFalse();
            assertThatThrownBy(() -> stranger.put("key", bytes("x")))
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("SignatureDoesNotMatch")
                    .hasMessageContaining("infinito.storage.secret-key");
        }
    }

    @Test
    void aServerThatComesBackInTimeIsWaitedFor() throws Exception {
        EmbeddedProcess first = EmbeddedProcess.s3(dir, 0, "infinito", "infinito-secret");
        String address = first.address();
        first.close();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (ObjectStore patient = new ObjectStore(config(address, "infinito-secret"))) {
            Future<Boolean> write = thread.submit(() -> patient.putIfAbsent("key", bytes("x")));
            int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
            try (EmbeddedProcess second = EmbeddedProcess.s3(dir, port, "infinito", "infinito-secret")) {
                assertThat(write.get()).isTrue();
            }
        } finally {
            thread.shutdownNow();
        }
    }

    @Test
    void aServerThatDoesNotAnswerIsNamedWhenTimeIsUp() {
        StorageConfig nobody = config("http://127.0.0.1:1", "infinito-secret").withRetryFor(Duration.ofMillis(300));
        try (ObjectStore lonely = new ObjectStore(nobody)) {
            assertThat(lonely.isReachable()).isFalse();
            assertThatThrownBy(() -> lonely.get("key"))
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining("http://127.0.0.1:1");
        }
    }

    private static StorageConfig config(String endpoint, String secretKey) {
        return new StorageConfig(endpoint, "test-" + UUID.randomUUID(), "infinito", secretKey, "us-east-1");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
