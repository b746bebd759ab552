package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of the tokens that one sequence has gone through, float32 [1, H, T, D] for each layer. */
public final class KvCache implements AutoCloseable {
    private final NDManager manager;
    private final int capacity;
    private final List<NDArray> keys = new ArrayList<>();
    private final List<NDArray> values = new ArrayList<>();
    private int length;

    /** An empty cache with room for one context. */
    public KvCache(NDManager parent, GptConfig config) {
        manager = parent.newSubManager();
        capacity = config.context();
        Shape shape = new Shape(1, config.heads(), capacity, config.headSize());
        for (int i = 0; i < config.layers(); i++) {
            keys.add(manager.zeros(shape));
            values.add(manager.zeros(shape));
        }
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

    List<NDArray> keys() {
        return keys;
    }

    List<NDArray> values() {
        return values;
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
        manager.close();
    }
}
