package io.infinito.infer.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Keeps everything, and is ready when the test says so. */
class RecordingListener implements GenerationListener {
    private final List<GeneratedChunk> chunks = new ArrayList<>();
    private final CompletableFuture<Finish> finished = new CompletableFuture<>();
    private volatile boolean ready = true;

    @Override
    public boolean isReady() {
        return ready;
    }

    void setReady(boolean isReady) {
        ready = isReady;
    }

    @Override
    public synchronized void onChunk(GeneratedChunk chunk) {
        chunks.add(chunk);
        chunk.finish().ifPresent(finished::complete);
    }

    @Override
    public void onFailure(Failure failure, String message) {
        finished.completeExceptionally(new IllegalStateException(failure + ": " + message));
    }

    /** Waits for the end. */
    Finish finish() throws Exception {
        return finished.get(30, TimeUnit.SECONDS);
    }

    /** What it failed with, once it did. */
    Optional<String> failure() {
        return finished.isCompletedExceptionally()
                ? Optional.of(
                        finished.handle((finish, error) -> error.getMessage()).join())
                : Optional.empty();
    }

    synchronized List<Integer> ids() {
        return chunks.stream().flatMap(chunk -> chunk.tokenIds().stream()).toList();
    }

    synchronized String text() {
        return String.join("", chunks.stream().map(GeneratedChunk::text).toList());
    }

    synchronized List<GeneratedChunk> chunks() {
        return List.copyOf(chunks);
    }
}
