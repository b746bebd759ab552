package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.ingest.source.FileServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who prepares a dataset when there are several who could, and what is left when one of them has gone. */
@QuarkusTest
@QuarkusTestResource(TestServers.class)
class PreparationOwnershipTest {
    /** Twenty pieces of the size that the tests' servers are set to. */
    private static final int LINES = 30_000;

    private static Pipeline pipeline;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        pipeline = new Pipeline(ConfigProvider.getConfig().getValue("kafka.bootstrap.servers", String.class));
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @Test
    void waitsForTheWorkerThatWasFirst() throws IOException {
        DatasetManifest ready = prepared("waits");
        int pieces = pipeline.pieces(ready.getDatasetId()).size();
        pipeline.delete(ready.getDatasetId());
        DatasetManifest claim = ready.toBuilder()
                .clearSplits()
                .setState(State.PREPARING)
                .setWorker("another")
                .setRequestId("of another")
                .build();
        pipeline.publish(claim);
        pipeline.request("waits-again", specification("waits"));
        // It tells how far the other is. Each of these keeps the other's claim.
        pipeline.answers("waits-again", answers -> {
            pipeline.publish(claim);
            return answers.size() >= 3;
        });
        pipeline.publish(ready.toBuilder().setWorker("another").build());

        List<DatasetManifest> answers = pipeline.answers("waits-again");
        assertThat(answers.get(answers.size() - 1).getState()).isEqualTo(State.READY);
        assertThat(answers.get(answers.size() - 1).getDigest()).isEqualTo(ready.getDigest());
        assertThat(pipeline.pieces(ready.getDatasetId())).hasSize(pieces);
    }

    @Test
    void passesOnTheFailureOfTheWorkerThatWasFirst() throws IOException {
        DatasetManifest ready = prepared("fails");
        pipeline.delete(ready.getDatasetId());
        DatasetManifest.Builder other =
                ready.toBuilder().clearSplits().setState(State.PREPARING).setWorker("another");
        pipeline.publish(other.setRequestId("of another").build());
        pipeline.request("fails-again", specification("fails"));
        pipeline.answers("fails-again", answers -> !answers.isEmpty());
        pipeline.publish(
                other.setState(State.FAILED).setError("the source went away").build());

        DatasetManifest answer = pipeline.lastAnswer("fails-again");
        assertThat(answer.getState()).isEqualTo(State.FAILED);
        assertThat(answer.getError()).isEqualTo("the source went away");
    }

    @Test
    void takesOverFromAWorkerThatFellSilentAndSendsOnlyWhatIsMissing() throws IOException {
        DatasetManifest ready = prepared("silent");
        int pieces = pipeline.pieces(ready.getDatasetId()).size();
        pipeline.delete(ready.getDatasetId());
        pipeline.publish(ready.toBuilder()
                .clearSplits()
                .setState(State.PREPARING)
                .setAttempt(4)
                .setWorker("killed")
                .setRequestId("of the killed")
                .build());
        pipeline.request("silent-again", specification("silent"));

        DatasetManifest again = pipeline.lastAnswer("silent-again");
        assertThat(again.getState()).isEqualTo(State.READY);
        assertThat(again.getAttempt()).isEqualTo(5);
        assertThat(again.getDigest()).isEqualTo(ready.getDigest());
        assertThat(again.getSplitsList()).isEqualTo(ready.getSplitsList());
        assertThat(again.getRangesList()).isEqualTo(ready.getRangesList());
        assertThat(pipeline.pieces(ready.getDatasetId())).hasSize(pieces);
    }

    @Test
    void stopsWhenAnotherWorkerHasTakenOver() throws IOException {
        pipeline.pauseTokenizing(true);
        write("loses");
        pipeline.request("loses", specification("loses"));
        DatasetManifest mine =
                pipeline.answers("loses", answers -> !answers.isEmpty()).get(0);
        DatasetManifest.Builder other = mine.toBuilder()
                .setAttempt(mine.getAttempt() + 1)
                .setWorker("another")
                .setRequestId("of another");
        pipeline.publish(other.build());
        pipeline.answers("loses", answers -> {
            pipeline.publish(other.build());
            return answers.stream().anyMatch(answer -> answer.getAttempt() == 0);
        });
        pipeline.pauseTokenizing(false);
        pipeline.publish(other.setState(State.FAILED).setError("of the other").build());
        assertThat(pipeline.lastAnswer("loses").getError()).isEqualTo("of the other");
    }

    @Test
    void preparesAgainWhatIsNoLongerOnTheTopic() throws IOException {
        DatasetManifest ready = prepared("gone");
        int pieces = pipeline.pieces(ready.getDatasetId()).size();
        pipeline.removeAllShards();
        pipeline.request("gone-again", specification("gone"));

        DatasetManifest again = pipeline.lastAnswer("gone-again");
        assertThat(again.getDigest()).isEqualTo(ready.getDigest());
        assertThat(again.getAttempt()).isEqualTo(2);
        assertThat(pipeline.pieces(ready.getDatasetId())).hasSize(2 * pieces);
        assertThat(pipeline.shards(again))
                .hasSize(again.getSplitsList().stream()
                        .mapToInt(SplitManifest::getShards)
                        .sum());
    }

    @Test
    void keepsFewPiecesWithSlowTokenizersAndTellsHowFarItIs() throws IOException {
        pipeline.pauseTokenizing(true);
        write("slow");
        pipeline.request("slow", specification("slow"));
        List<DatasetManifest> told = pipeline.answers(
                "slow",
                answers -> answers.stream()
                                .filter(answer -> answer.getProgress().getBytes() > 0)
                                .count()
                        > 4);
        String id = told.get(0).getDatasetId();
        assertThat(pipeline.pieces(id)).hasSize(6);
        assertThat(told.get(told.size() - 1).getProgress().getRows()).isBetween(1L, LINES / 2L);
        pipeline.pauseTokenizing(false);
        DatasetManifest ready = pipeline.lastAnswer("slow");
        assertThat(ready.getState()).isEqualTo(State.READY);
        assertThat(pipeline.pieces(id)).hasSizeGreaterThan(15);
        Awaitility.await()
                .until(() ->
                        pipeline.shards(ready).size() == pipeline.pieces(id).size());
    }

    @Test
    void keepsItsRequestWhileASourceIsSlow() throws IOException {
        byte[] text = lines("dripping").getBytes(StandardCharsets.UTF_8);
        // 25 progress events are 7.5 seconds: nearly twice the time after which a consumer that did not poll would lose
        // its request.
        CountDownLatch enough = new CountDownLatch(25);
        try (FileServer server = new FileServer().answer("/slow.txt", exchange -> {
            exchange.getResponseHeaders().set("ETag", "\"slow\"");
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.getResponseHeaders().set("Content-Length", String.valueOf(text.length));
                exchange.sendResponseHeaders(200, -1);
                return;
            }
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text, 0, 100);
            exchange.getResponseBody().flush();
            await(enough);
            exchange.getResponseBody().write(text, 100, text.length - 100);
        })) {
            pipeline.request("dripping", "{\"source\":\"" + server.address() + "/slow.txt\"}");
            pipeline.answers("dripping", answers -> {
                while (enough.getCount() > 25 - answers.size() && enough.getCount() > 0) {
                    enough.countDown();
                }
                return enough.getCount() == 0;
            });
            List<DatasetManifest> answers = pipeline.answers("dripping");
            assertThat(answers.get(answers.size() - 1).getState()).isEqualTo(State.READY);
            assertThat(answers).extracting(DatasetManifest::getAttempt).containsOnly(1);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private DatasetManifest prepared(String name) throws IOException {
        write(name);
        pipeline.request(name, specification(name));
        DatasetManifest ready = pipeline.lastAnswer(name);
        assertThat(ready.getState()).as(ready.getError()).isEqualTo(State.READY);
        return ready;
    }

    private void write(String name) throws IOException {
        Files.writeString(folder.resolve(name + ".txt"), lines(name));
    }

    private static String lines(String name) {
        return IntStream.range(0, LINES)
                .mapToObj(i -> "Line %d of %s .\n".formatted(i, name))
                .collect(Collectors.joining());
    }

    private String specification(String name) {
        return "{\"source\":\"file:" + folder.resolve(name + ".txt") + "\"}";
    }
}
