package io.infinito.infer;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What a call has sent so far, and how it ended. */
final class Collected<T> implements StreamObserver<T> {
    private final List<T> messages = new ArrayList<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    /** In the order in which they came. */
    synchronized List<T> messages() {
        return List.copyOf(messages);
    }

    synchronized int size() {
        return messages.size();
    }

    /** Complete, or failed with a status. */
    CompletableFuture<Void> end() {
        return end;
    }

    /** How it ended; waits for it. */
    Status.Code code() {
        Throwable failure = end.handle((nothing, error) -> error)
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
        return failure == null ? Status.Code.OK : Status.fromThrowable(failure).getCode();
    }

    @Override
    public synchronized void onNext(T message) {
        messages.add(message);
    }

    @Override
    public void onError(Throwable error) {
        end.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
        end.complete(null);
    }
}
