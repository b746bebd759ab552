package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.SamplingParams;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/**
 * Sixteen streams without pause, and two clients that want whole answers, while events bring two models of different answers in turn: nobody
 * notices but by the version in the answer.
 */
@QuarkusTest
@WithTestResource(Backends.class)
class ReloadSoakTest extends ServedTinyModel {
    private static final int STREAMS = 16;
    private static final int UNARY_CLIENTS = 2;
    private static final int CHANNELS = 4;
    private static final int RELOADS = 50;
    /** Reloads whose least resident memory counts: in some of them two models are in memory. */
    private static final int WINDOW = 10;
    /** A compiled network that stays is over 2 MB: were each lost, the twenty reloads from one window to the next would take twice this. */
    private static final long MOST_GROWTH_BYTES = 20L << 20;

    private static final int TOKENS = 40;
    private static final int DISCONNECTS_ONE_IN = 6;
    private static final List<String> PROMPTS = List.of("Once upon a time", "x", "Grüße", "The cat sat on the mat");

    @ConfigProperty(name = "kafka.bootstrap.servers")
    String broker;

    private final Map<String, Map<String, String>> texts = new HashMap<>();
    private final Map<String, AtomicInteger> answered = new HashMap<>();
    private final AtomicInteger disconnected = new AtomicInteger();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    @Test
    void fiftyReloadsUnderLoadMixNothingFailNothingAndLeaveNothing() throws Exception {
        List<TinyCheckpoint> checkpoints = List.of(
                TinyCheckpoint.of("default", 101).upload(store),
                TinyCheckpoint.of("default", 102).upload(store));
        List<InferenceServiceBlockingStub> stubs = new ArrayList<>();
        for (int i = 0; i < CHANNELS; i++) {
            stubs.add(InferenceServiceGrpc.newBlockingStub(connect()));
        }
        List<Thread> clients = new ArrayList<>();
        try (EpochNews news = new EpochNews(broker)) {
            for (TinyCheckpoint checkpoint : checkpoints) {
                checkpoint.serve(store);
                // The subscription may be a moment younger than the topic, and hears only what is new.
                await().until(() -> {
                    news.best();
                    return serves(checkpoint);
                });
                learn(checkpoint);
            }
            for (String prompt : PROMPTS) {
                assertThat(texts.get(checkpoints.get(0).version()).get(prompt))
                        .isNotEqualTo(texts.get(checkpoints.get(1).version()).get(prompt));
            }
            for (int i = 0; i < STREAMS + UNARY_CLIENTS; i++) {
                Random random = new Random(i);
                boolean streams = i < STREAMS;
                InferenceServiceBlockingStub stub = stubs.get(i % CHANNELS);
                Thread client = new Thread(() -> ask(stub, streams, random), "client-" + i);
                client.start();
                clients.add(client);
            }
            List<Long> resident = new ArrayList<>();
            for (int i = 0; i < RELOADS; i++) {
                TinyCheckpoint next = checkpoints.get(i % 2);
                next.serve(store);
                news.best();
                await().pollInterval(Duration.ofMillis(5))
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> serves(next));
                resident.add(residentBytes());
            }
            long grown = least(resident, RELOADS - WINDOW) - least(resident, RELOADS - 3 * WINDOW);
            over = true;
            for (Thread client : clients) {
                client.join(Duration.ofSeconds(30).toMillis());
                assertThat(client.isAlive()).isFalse();
            }
            assertThat(faults).isEmpty();
            assertThat(answered.values()).allSatisfy(count -> assertThat(count).hasValueGreaterThan(RELOADS));
            assertThat(disconnected).hasValueGreaterThan(STREAMS);
            await().until(() -> running() == 0);
            await().until(() -> follower.loadedModels() == 1);
            assertThat(grown).as("%s", resident).isLessThan(MOST_GROWTH_BYTES);
        } finally {
            over = true;
        }
    }

    /** What each prompt's answer is, undisturbed. */
    private void learn(TinyCheckpoint checkpoint) {
        Map<String, String> own = new HashMap<>();
        for (String prompt : PROMPTS) {
            GenerateResponse response = inference.generate(greedy(prompt));
            assertThat(response.getModel().getVersion()).isEqualTo(checkpoint.version());
            own.put(prompt, response.getText());
        }
        texts.put(checkpoint.version(), Collections.unmodifiableMap(own));
        answered.put(checkpoint.version(), new AtomicInteger());
    }

    private void ask(InferenceServiceBlockingStub stub, boolean streams, Random random) {
        while (!over) {
            String prompt = PROMPTS.get(random.nextInt(PROMPTS.size()));
            Context.CancellableContext context = Context.current().withCancellation();
            try {
                context.run(() -> {
                    if (!streams) {
                        GenerateResponse whole = stub.generate(greedy(prompt));
                        check(prompt, whole.getModel(), whole.getText());
                    } else if (random.nextInt(DISCONNECTS_ONE_IN) == 0) {
                        leaveInTheMiddle(stub, prompt, random.nextInt(TOKENS / 2));
                    } else {
                        readToTheEnd(stub, prompt);
                    }
                });
            } catch (RuntimeException e) {
                faults.add(prompt + ": " + e);
            } finally {
                context.cancel(null);
            }
        }
    }

    private void readToTheEnd(InferenceServiceBlockingStub stub, String prompt) {
        StringBuilder text = new StringBuilder();
        ModelVersion first = null;
        for (Iterator<GenerateChunk> stream = stub.generateStream(greedy(prompt)); stream.hasNext(); ) {
            GenerateChunk chunk = stream.next();
            first = first == null ? chunk.getModel() : first;
            if (!first.equals(chunk.getModel())) {
                faults.add(prompt + ": begun by " + first + " and continued by " + chunk.getModel());
            }
            text.append(chunk.getText());
        }
        check(prompt, first, text.toString());
    }

    /** The context is cancelled on return. */
    private void leaveInTheMiddle(InferenceServiceBlockingStub stub, String prompt, int chunks) {
        Iterator<GenerateChunk> stream = stub.generateStream(greedy(prompt));
        for (int i = 0; i < chunks && stream.hasNext(); i++) {
            stream.next();
        }
        disconnected.incrementAndGet();
    }

    private void check(String prompt, ModelVersion model, String text) {
        String expected = texts.get(model.getVersion()).get(prompt);
        if (!text.equals(expected)) {
            faults.add(prompt + ": " + model.getVersion() + " answered '" + text + "', not '" + expected + "'");
        }
        answered.get(model.getVersion()).incrementAndGet();
    }

    private static GenerateRequest greedy(String prompt) {
        return request(TOKENS)
                .setText(prompt)
                .setSampling(SamplingParams.newBuilder().setTemperature(0))
                .build();
    }

    private static long least(List<Long> resident, int from) {
        return Collections.min(resident.subList(from, from + WINDOW));
    }

    private static long residentBytes() throws IOException {
        // What the Java heap has taken and does not need would hide what native code has lost.
        System.gc();
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
    }
}
