package io.infinito.infer.engine;

/** Who waits for a generation. Called by the decode thread, so nothing here may block. */
public interface GenerationListener {
    /** Why a generation ended without a last chunk. */
    enum Failure {
        /** Its deadline passed. */
        DEADLINE,
        /** Its reader did not take what was sent. */
        SLOW_READER,
        /** The service stops. */
        SHUTDOWN,
        /** Something broke. */
        INTERNAL
    }

    /** Whether one more chunk may be handed over. While not, the generation waits; {@link Engine#wake} ends the wait. */
    boolean isReady();

    /** The next chunk; the one with a finish is the last. */
    void onChunk(GeneratedChunk chunk);

    /** There will be no further chunk. Not called for what was cancelled. */
    void onFailure(Failure failure, String message);
}
