package io.infinito.load;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Sends requests to one service, in one of two ways. */
final class Load implements AutoCloseable {
    /** Enough that no connection's limit of streams is met. */
    private static final int CHANNELS = 8;
    /** Whoever arrives by chance is one of so many clients. */
    private static final int CLIENTS = 64;

    private final LoadOptions options;
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final Map<Long, StreamCall> open = new ConcurrentHashMap<>();
    private final AtomicLong started = new AtomicLong();

    Load(LoadOptions options) {
        this.options = options;
        for (int i = 0; i < CHANNELS; i++) {
            channels.add(ManagedChannelBuilder.forTarget(options.target())
                    .usePlaintext()
                    .build());
        }
    }

    /** Closed loop: so many streams are always open; each end is followed by a new request of the same client. */
    Measurement keepOpen(int streams) throws InterruptedException {
        Measurement measurement =
                new Measurement(System.nanoTime() + options.warmUp().toNanos(), options.duration());
        for (int i = 0; i < streams; i++) {
            again("stream-" + i, measurement);
        }
        return finish(measurement);
    }

    private void again(String client, Measurement measurement) {
        start(client, measurement, System.nanoTime(), pause -> {
            if (measurement.until() - System.nanoTime() > 0 && !clock.isShutdown()) {
                clock.schedule(() -> again(client, measurement), pause, TimeUnit.MILLISECONDS);
            }
        });
    }

    /**
     * Open loop: requests arrive by chance, as from many people who know nothing of each other, whether or not earlier ones have ended (a
     * Poisson process).
     */
    Measurement arrive(double perSecond) throws InterruptedException {
        Random random = new Random(options.seed());
        long begin = System.nanoTime();
        Measurement measurement = new Measurement(begin + options.warmUp().toNanos(), options.duration());
        double seconds = 0;
        for (int i = 0; ; i++) {
            seconds -= Math.log(1 - random.nextDouble()) / perSecond;
            long arrival = begin + (long) (seconds * 1e9);
            if (arrival - measurement.until() >= 0) {
                return finish(measurement);
            }
            String client = "client-" + i % CLIENTS;
            long wait = Math.max(0, arrival - System.nanoTime());
            clock.schedule(() -> start(client, measurement, arrival, pause -> {}), wait, TimeUnit.NANOSECONDS);
        }
    }

    private void start(String client, Measurement measurement, long arrived, LongConsumer ended) {
        if (measurement.until() - System.nanoTime() <= 0) {
            // Sent late, it would be load on the measurement that follows.
            return;
        }
        long id = started.getAndIncrement();
        GenerateRequest request = GenerateRequest.newBuilder()
                .setText(options.prompt())
                .setSampling(SamplingParams.newBuilder().setSeed(options.seed() + id))
                .setStopping(StoppingCriteria.newBuilder()
                        .setMaxNewTokens(options.tokens())
                        .setIgnoreEos(true))
                .build();
        StreamCall call =
                StreamCall.start(channels.get((int) (id % CHANNELS)), client, request, measurement, arrived, pause -> {
                    open.remove(id);
                    ended.accept(pause);
                });
        open.put(id, call);
    }

    /** Waits for the end of the time, and takes back what is still open. */
    private Measurement finish(Measurement measurement) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(Math.max(0, measurement.until() - System.nanoTime()));
        // On the thread that starts requests, so that none is started behind this one's back.
        CompletableFuture.runAsync(
                        () -> {
                            open.values().forEach(StreamCall::cancel);
                            open.clear();
                        },
                        clock)
                .join();
        return measurement;
    }

    @Override
    public void close() {
        clock.shutdownNow();
        channels.forEach(ManagedChannel::shutdownNow);
    }
}
