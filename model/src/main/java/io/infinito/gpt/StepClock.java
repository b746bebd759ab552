package io.infinito.gpt;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Where the time of training steps goes. On a CUDA device, whose work goes on behind the caller's back, the times are those of handing
 * work over, all but the wait at the end of a step.
 */
public final class StepClock {
    /** The parts of a step. */
    public enum Phase {
        /** Tokens to batches on the device. */
        DATA,
        /** Embeddings and blocks, forward. */
        BODY,
        /** Head and loss, forward and backward. */
        HEAD,
        /** Blocks and embeddings, backward. */
        BACKWARD,
        /** Clipping and AdamW. */
        OPTIMIZER
    }

    private final LongSupplier nanoTime;
    private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
    private long last;

    /**
     * A stopped clock.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public StepClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        start();
    }

    /** Forgets what was measured and starts now. */
    public void start() {
        nanos.clear();
        last = nanoTime.getAsLong();
    }

    /** Counts the time since the last call as part of {@code phase}. */
    public void ended(Phase phase) {
        long now = nanoTime.getAsLong();
        nanos.merge(phase, now - last, Long::sum);
        last = now;
    }

    /** Nanoseconds in {@code phase} since {@link #start}. */
    public long nanos(Phase phase) {
        return nanos.getOrDefault(phase, 0L);
    }
}
