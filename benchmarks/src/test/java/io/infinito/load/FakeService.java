package io.infinito.load;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceImplBase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A server that answers {@code GenerateStream} at once, in one of a few ways, and remembers who asked. */
final class FakeService extends InferenceServiceImplBase implements ServerInterceptor, AutoCloseable {
    /** How it answers. */
    enum Manner {
        /** With as many tokens as were asked for, one a message. */
        GENEROUS,
        /** Not before the call is cancelled. */
        SILENT,
        /** Come again in 50 ms. */
        FULL,
        /** With an error. */
        BROKEN
    }

    private static final Metadata.Key<String> CLIENT = Metadata.Key.of("x-client-id", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> PUSHBACK =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
    private static final Context.Key<String> NAME = Context.key("name");

    private final Manner manner;
    private final Server server;
    private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();

    FakeService(Manner manner) {
        this.manner = manner;
        try {
            server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                    .addService(this)
                    .intercept(this)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String target() {
        return "localhost:" + server.getPort();
    }

    /** A request, and whose it was. */
    record Asked(String client, GenerateRequest request) {
        long seed() {
            return request.getSampling().getSeed();
        }
    }

    /** All that came. */
    List<Asked> asked() {
        return List.copyOf(asked);
    }

    /** Streams that have not ended. */
    int open() {
        return open.get();
    }

    /** The most that were open at the same time. */
    int mostOpen() {
        return mostOpen.get();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return Contexts.interceptCall(
                Context.current().withValue(NAME, String.valueOf(headers.get(CLIENT))), call, headers, next);
    }

    @Override
    public void generateStream(GenerateRequest request, StreamObserver<GenerateChunk> observer) {
        asked.add(new Asked(NAME.get(), request));
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
        switch (manner) {
            case GENEROUS -> {
                for (int id = 1; id <= request.getStopping().getMaxNewTokens(); id++) {
                    observer.onNext(GenerateChunk.newBuilder().addTokenIds(id).build());
                }
                open.decrementAndGet();
                observer.onCompleted();
            }
            case SILENT ->
                ((ServerCallStreamObserver<GenerateChunk>) observer).setOnCancelHandler(open::decrementAndGet);
            case FULL -> {
                Metadata trailers = new Metadata();
                trailers.put(PUSHBACK, "50");
                end(observer, Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
            }
            case BROKEN -> end(observer, Status.INTERNAL.asRuntimeException());
        }
    }

    private void end(StreamObserver<GenerateChunk> observer, StatusRuntimeException failure) {
        open.decrementAndGet();
        observer.onError(failure);
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
