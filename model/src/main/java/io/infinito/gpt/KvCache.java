package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** Keys and values of the tokens that one sequence has gone through, float32 [2L, 1, H, T, D], a layer's keys before its values. */
public final class KvCache implements AutoCloseable {
    private final int capacity;
    private final NDArray keysAndValues;
    private int length;

    /** An empty cache with room for one context. */
    public KvCache(NDManager parent, GptConfig config) {
        capacity = config.context();
        keysAndValues = parent.zeros(new Shape(2L * config.layers(), 1, config.heads(), capacity, config.headSize()));
    }

    /** Tokens that it holds. */
    public int length() {
        return length;
    }

    /** Tokens that it has room for. */
    public int capacity() {
        return capacity;
    }

    /** Forgets the tokens from position {@code newLength} on. */
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("cannot truncate a cache of " + length + " tokens to " + newLength);
        }
        length = newLength;
    }

    NDArray keysAndValues() {
        return keysAndValues;
    }

    /** Makes room for {@code tokens} more and returns where they start. */
    int advance(int tokens) {
        if (tokens < 1 || length + tokens > capacity) {
            throw new IllegalArgumentException(
                    tokens + " tokens do not fit behind " + length + " in a context of " + capacity);
        }
        int start = length;
        length += tokens;
        return start;
    }

    @Override
    public void close() {
        keysAndValues.close();
    }
}
