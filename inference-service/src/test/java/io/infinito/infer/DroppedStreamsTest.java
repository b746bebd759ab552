package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.StoppingCriteria;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Ten thousand streams that come and go as they like, none of which leaves anything behind. */
@QuarkusTest
@WithTestResource(Backends.class)
class DroppedStreamsTest extends ServedTinyModel {
    private static final int STREAMS = 10_000;
    private static final int AT_ONCE = 60;
    private static final long SEED = 11;
    private static final long MEGABYTE = 1 << 20;

    @Test
    void placesMemoryAndThreadsReturnToWhereTheyWere() throws Exception {
        ManagedChannel direct = ManagedChannelBuilder.forAddress("localhost", port())
                .usePlaintext()
                // No pool of threads on this side.
                .directExecutor()
                .build();
        try {
            Random random = new Random(SEED);
            // Pools and caches grow to their sizes first.
            storm(direct, STREAMS / 10, random);
            long heap = heap();
            Map<String, Long> threads = threads();
            LoadedModel model = follower.acquire().orElseThrow();
            model.release();

            storm(direct, STREAMS, random);

            await().untilAsserted(() -> assertThat(threads())
                    .allSatisfy((name, count) ->
                            assertThat(count).as(name).isLessThanOrEqualTo(threads.getOrDefault(name, 0L))));
            await().untilAsserted(() -> assertThat(heap()).isLessThan(heap + 16 * MEGABYTE));
            // Every stream gave the model and its caches back: its memory goes with the next model.
            serve(TinyCheckpoint.of("default", 2));
            await().until(model::isFreed);
        } finally {
            direct.shutdownNow();
        }
    }

    private void storm(ManagedChannel channel, int streams, Random random) throws InterruptedException {
        Semaphore open = new Semaphore(AT_ONCE);
        for (int i = 0; i < streams; i++) {
            assertThat(open.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
            drop(channel, random, open);
        }
        assertThat(open.tryAcquire(AT_ONCE, 30, TimeUnit.SECONDS)).isTrue();
        await().until(() -> active() == 0);
    }

    /** A stream that is cancelled after a few chunks, before any, at its deadline, or not before its end. */
    private static void drop(ManagedChannel channel, Random random, Semaphore open) {
        int chunks = random.nextInt(6);
        CallOptions options = random.nextInt(10) == 0
                ? CallOptions.DEFAULT.withDeadlineAfter(1 + random.nextInt(20), TimeUnit.MILLISECONDS)
                : CallOptions.DEFAULT;
        ClientCall<GenerateRequest, GenerateChunk> call =
                channel.newCall(InferenceServiceGrpc.getGenerateStreamMethod(), options);
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("x-client-id", Metadata.ASCII_STRING_MARSHALLER), "client-" + random.nextInt(20));
        call.start(
                new ClientCall.Listener<>() {
                    private int left = chunks;

                    @Override
                    public void onMessage(GenerateChunk chunk) {
                        if (--left <= 0) {
                            call.cancel("seen enough", null);
                        }
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        open.release();
                    }
                },
                headers);
        call.request(100);
        call.sendMessage(GenerateRequest.newBuilder()
                .setText("x".repeat(1 + random.nextInt(30)))
                .setStopping(StoppingCriteria.newBuilder().setMaxNewTokens(1 + random.nextInt(20)))
                .build());
        call.halfClose();
        if (chunks == 0) {
            call.cancel("changed its mind", null);
        }
    }

    /** How many have each name, without those of the pool of workers, which is bounded and shrinks after half a minute, of the client of the store, and of who waits in this test. */
    private static Map<String, Long> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> Stream.of("executor-thread-", "vert.x-worker-thread-", "OkHttp", "Okio", "awaitility")
                        .noneMatch(name::startsWith))
                .collect(Collectors.groupingBy(name -> name, Collectors.counting()));
    }

    private static long heap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
