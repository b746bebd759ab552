package io.infinito.gpt;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The caches of all sequences that one decoder runs at once, in one tensor [2L, S, H, T, D], a layer's keys before its values. Lies in
 * one piece so that one call can attend for all of them. Used by one thread at a time.
 */
final class KvCachePool implements AutoCloseable {
    private final GptConfig config;
    private final NDArray keysAndValues;
    private final int slots;
    private final Deque<Integer> free = new ArrayDeque<>();

    /**
     * Room for {@code slots} contexts. On a CPU a page of it is only taken when it is first written to.
     *
     * @param type of the numbers
     * @throws IllegalStateException if there is no memory for it
     */
    KvCachePool(NDManager parent, GptConfig config, int slots, DataType type) {
        if (slots < 1) {
            throw new IllegalArgumentException("a pool of " + slots + " caches: at least 1 is needed");
        }
        this.config = config;
        this.slots = slots;
        Shape shape = new Shape(2L * config.layers(), slots, config.heads(), config.context(), config.headSize());
        try {
            keysAndValues = parent.create(shape, type);
        } catch (EngineException e) {
            throw new IllegalStateException(
                    "no memory for the keys and values of " + slots + " sequences, " + type + " " + shape
                            + "; have fewer run at once: " + e.getMessage(),
                    e);
        }
        for (int slot = 0; slot < slots; slot++) {
            free.add(slot);
        }
    }

    /**
     * An empty cache; whoever closes it gives its place back.
     *
     * @throws IllegalStateException if all are taken
     */
    KvCache take() {
        Integer slot = free.poll();
        if (slot == null) {
            throw new IllegalStateException("all " + slots + " caches are taken");
        }
        return new KvCache(this, slot, config.context());
    }

    void giveBack(int slot) {
        // The one that was used last is the likeliest to be in memory.
        free.push(slot);
    }

    /** Where a slot's keys begin behind the layer's first, in rows of D numbers. */
    long place(int slot) {
        return (long) slot * config.heads() * config.context();
    }

    NDArray keysAndValues() {
        return keysAndValues;
    }

    @Override
    public void close() {
        keysAndValues.close();
    }
}
