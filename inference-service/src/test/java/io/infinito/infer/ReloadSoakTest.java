package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.infinito.events.CloudEvent;
import io.infinito.events.ProtoJson;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.storage.ObjectStore;
import io.infinito.training.v1.EpochCompleted;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/**
 * Sixteen streams without pause, and two clients that want whole answers, while events bring two models of different answers in turn: nobody
 * notices but by the version in the answer.
 */
@QuarkusTest
@WithTestResource(Backends.class)
class ReloadSoakTest {
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

    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int port;

    @ConfigProperty(name = "kafka.bootstrap.servers")
    String broker;

    @Inject
    ObjectStore store;

    @Inject
    ModelFollower follower;

    @Inject
    MeterRegistry meters;

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
        List<ManagedChannel> channels = new ArrayList<>();
        for (int i = 0; i < CHANNELS; i++) {
            channels.add(ManagedChannelBuilder.forAddress("localhost", port)
                    .usePlaintext()
                    .build());
        }
        List<Thread> clients = new ArrayList<>();
        try (KafkaProducer<String, String> events = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker), new StringSerializer(), new StringSerializer())) {
            for (TinyCheckpoint checkpoint : checkpoints) {
                checkpoint.serve(store);
                // The subscription may be a moment younger than the topic, and hears only what is new.
                await().until(() -> {
                    tell(events);
                    return serves(checkpoint);
                });
                learn(checkpoint, InferenceServiceGrpc.newBlockingStub(channels.get(0)));
            }
            for (String prompt : PROMPTS) {
                assertThat(texts.get(checkpoints.get(0).version()).get(prompt))
                        .isNotEqualTo(texts.get(checkpoints.get(1).version()).get(prompt));
            }
            for (int i = 0; i < STREAMS + UNARY_CLIENTS; i++) {
                Random random = new Random(i);
                boolean streams = i < STREAMS;
                InferenceServiceBlockingStub stub = InferenceServiceGrpc.newBlockingStub(channels.get(i % CHANNELS));
                Thread client = new Thread(() -> ask(stub, streams, random), "client-" + i);
                client.start();
                clients.add(client);
            }
            List<Long> resident = new ArrayList<>();
            for (int i = 0; i < RELOADS; i++) {
                TinyCheckpoint next = checkpoints.get(i % 2);
                next.serve(store);
                tell(events);
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
            await().until(() -> meters.get("infinito.requests.running").gauge().value() == 0);
            await().until(() -> follower.loadedModels() == 1);
            assertThat(grown).as("%s", resident).isLessThan(MOST_GROWTH_BYTES);
        } finally {
            over = true;
            channels.forEach(ManagedChannel::shutdownNow);
        }
    }

    /** As the trainer does after an epoch whose model is the best so far. */
    private static void tell(KafkaProducer<String, String> events) throws Exception {
        EpochCompleted event = EpochCompleted.newBuilder()
                .setJobId("job")
                .setModelName("default")
                .setEpoch(1)
                .setServed(true)
                .build();
        events.send(new ProducerRecord<>(
                        "infer.train.epochs",
                        null,
                        "job",
                        ProtoJson.print(event),
                        CloudEvent.of(EpochCompleted.getDescriptor(), "test", CloudEvent.JSON)
                                .headers()))
                .get(10, TimeUnit.SECONDS);
    }

    private boolean serves(TinyCheckpoint checkpoint) {
        return follower.serving()
                .filter(model -> model.sha256().equals(checkpoint.sha256()))
                .isPresent();
    }

    /** What each prompt's answer is, undisturbed. */
    private void learn(TinyCheckpoint checkpoint, InferenceServiceBlockingStub stub) {
        Map<String, String> own = new HashMap<>();
        for (String prompt : PROMPTS) {
            GenerateResponse response = stub.generate(request(prompt));
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
                        GenerateResponse whole = stub.generate(request(prompt));
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
        for (Iterator<GenerateChunk> stream = stub.generateStream(request(prompt)); stream.hasNext(); ) {
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
        Iterator<GenerateChunk> stream = stub.generateStream(request(prompt));
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

    private static GenerateRequest request(String prompt) {
        return GenerateRequest.newBuilder()
                .setText(prompt)
                .setSampling(SamplingParams.newBuilder().setTemperature(0))
                .setStopping(
                        StoppingCriteria.newBuilder().setMaxNewTokens(TOKENS).setIgnoreEos(true))
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
