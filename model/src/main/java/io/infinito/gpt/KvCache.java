package io.infinito.gpt;

/**
 * Keys and values of the tokens that one sequence has gone through: its place in the memory of the {@link GptDecoder} that made it. Used by
 * one thread at a time, the one that feeds.
 */
public final class KvCache implements AutoCloseable {
    private final KvCachePool pool;
    private final int slot;
    private final int capacity;
    private int length;
    private boolean closed;

    KvCache(KvCachePool pool, int slot, int capacity) {
        this.pool = pool;
        this.slot = slot;
        this.capacity = capacity;
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

    boolean isOf(KvCachePool other) {
        return pool == other && !closed;
    }

    int slot() {
        return slot;
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

    /** Gives its place to the next one. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pool.giveBack(slot);
        }
    }
}
