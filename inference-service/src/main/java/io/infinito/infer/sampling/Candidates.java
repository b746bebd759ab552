package io.infinito.infer.sampling;

/**
 * Ids that are put in order only as far as they are looked at: a heap with the largest key on top, the lower id of equals first. It keeps
 * its array from one token to the next. Of use to one thread.
 */
final class Candidates {
    private int[] ids = new int[0];
    private int size;
    private float[] keys;

    /** Starts anew with room for {@code capacity} ids. */
    void clear(int capacity, float[] newKeys) {
        if (ids.length < capacity) {
            ids = new int[capacity];
        }
        size = 0;
        keys = newKeys;
    }

    /** Adds an id; {@link #heapify} comes after the last. */
    void add(int id) {
        ids[size++] = id;
    }

    /** Makes the heap. */
    void heapify() {
        for (int i = size / 2 - 1; i >= 0; i--) {
            siftDown(ids[i], i, size);
        }
    }

    int size() {
        return size;
    }

    /** Takes the id with the largest key away. */
    int poll() {
        int top = ids[0];
        size--;
        siftDown(ids[size], 0, size);
        return top;
    }

    /**
     * Takes the {@code k} ids with the largest keys into a new order, the largest first.
     *
     * @throws IllegalStateException if a key is not a number
     */
    void likeliest(int k, float[] newKeys) {
        clear(k, newKeys);
        // Turned around, the least likely of the kept is on top: most tokens are refused with one comparison.
        for (int id = 0; id < k; id++) {
            requireNumber(id, keys[id]);
            ids[id] = id;
        }
        size = k;
        for (int i = k / 2 - 1; i >= 0; i--) {
            sinkUnlikely(ids[i], i, k);
        }
        float least = keys[ids[0]];
        for (int id = k; id < newKeys.length; id++) {
            // True for what is no number, too.
            if (!(newKeys[id] <= least)) {
                requireNumber(id, newKeys[id]);
                sinkUnlikely(id, 0, k);
                least = newKeys[ids[0]];
            }
        }
        for (int last = k - 1; last > 0; last--) {
            int unlikeliest = ids[0];
            sinkUnlikely(ids[last], 0, last);
            ids[last] = unlikeliest;
        }
    }

    /** The id at {@code rank} after {@link #likeliest}. */
    int get(int rank) {
        return ids[rank];
    }

    /** The index of the largest key, the first of equals. */
    static int argMax(float[] keys) {
        int best = 0;
        requireNumber(0, keys[0]);
        float largest = keys[0];
        for (int id = 1; id < keys.length; id++) {
            if (!(keys[id] <= largest)) {
                requireNumber(id, keys[id]);
                largest = keys[id];
                best = id;
            }
        }
        return best;
    }

    private static void requireNumber(int id, float key) {
        if (Float.isNaN(key)) {
            throw new IllegalStateException("the model gave no number as the logit of token " + id);
        }
    }

    private void sinkUnlikely(int id, int start, int heapSize) {
        int i = start;
        for (int child = 2 * i + 1; child < heapSize; child = 2 * i + 1) {
            if (child + 1 < heapSize && likelier(ids[child], ids[child + 1])) {
                child++;
            }
            if (!likelier(id, ids[child])) {
                break;
            }
            ids[i] = ids[child];
            i = child;
        }
        ids[i] = id;
    }

    private void siftDown(int id, int start, int heapSize) {
        int i = start;
        for (int child = 2 * i + 1; child < heapSize; child = 2 * i + 1) {
            if (child + 1 < heapSize && likelier(ids[child + 1], ids[child])) {
                child++;
            }
            if (!likelier(ids[child], id)) {
                break;
            }
            ids[i] = ids[child];
            i = child;
        }
        ids[i] = id;
    }

    private boolean likelier(int a, int b) {
        return keys[a] > keys[b] || (keys[a] == keys[b] && a < b);
    }
}
