package io.infinito.infer.sampling;

/**
 * Tokens from the likeliest down, put in order only as far as they are looked at: a heap of ids, the likelier above the less likely, from
 * which {@link #get} takes.
 */
final class Candidates {
    private final int[] ids;
    private final int size;
    private final float[] logits;
    private final double total;
    /** ids[0, taken) are in order; the rest, turned around, is a heap whose top is the last element. */
    private int taken;

    private Candidates(int[] ids, int size, float[] logits, double total, int taken) {
        this.ids = ids;
        this.size = size;
        this.logits = logits;
        this.total = total;
        this.taken = taken;
    }

    /** The first {@code count} of {@code ids}; the array becomes this object's. */
    static Candidates ordered(int[] ids, int count, float[] logits) {
        Candidates candidates = new Candidates(ids, count, logits, 0, 0);
        for (int i = count / 2 - 1; i >= 0; i--) {
            candidates.siftDown(i, count);
        }
        return candidates;
    }

    /** The {@code k} likeliest of all ids, k less than their number. */
    static Candidates likeliest(int k, float[] logits) {
        // A heap with the least likely of the kept on top: most tokens are refused with one comparison.
        int[] heap = new int[k];
        int count = 0;
        for (int id = 0; id < logits.length; id++) {
            if (count < k) {
                int i = count++;
                while (i > 0 && likelier(heap[(i - 1) / 2], id, logits)) {
                    heap[i] = heap[(i - 1) / 2];
                    i = (i - 1) / 2;
                }
                heap[i] = id;
            } else if (logits[id] > logits[heap[0]]) {
                sinkUnlikely(heap, id, k, logits);
            }
        }
        return ordered(heap, k, logits);
    }

    private static void sinkUnlikely(int[] heap, int id, int k, float[] logits) {
        int i = 0;
        for (int child = 1; child < k; child = 2 * i + 1) {
            if (child + 1 < k && likelier(heap[child], heap[child + 1], logits)) {
                child++;
            }
            if (!likelier(id, heap[child], logits)) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = id;
    }

    /** These with the sum of the weights that probabilities are shares of. */
    Candidates withTotal(double newTotal) {
        return new Candidates(ids, size, logits, newTotal, taken);
    }

    double total() {
        return total;
    }

    int size() {
        return size;
    }

    /** The id at {@code rank}, 0 for the likeliest. */
    int get(int rank) {
        while (taken <= rank) {
            // The top of the heap goes behind the heap: ids[size - 1 - rank] has that rank.
            int last = size - 1 - taken;
            int top = ids[0];
            ids[0] = ids[last];
            ids[last] = top;
            taken++;
            siftDown(0, last);
        }
        return ids[size - 1 - rank];
    }

    private void siftDown(int start, int heapSize) {
        int id = ids[start];
        int i = start;
        for (int child = 2 * i + 1; child < heapSize; child = 2 * i + 1) {
            if (child + 1 < heapSize && likelier(ids[child + 1], ids[child], logits)) {
                child++;
            }
            if (!likelier(ids[child], id, logits)) {
                break;
            }
            ids[i] = ids[child];
            i = child;
        }
        ids[i] = id;
    }

    private static boolean likelier(int a, int b, float[] logits) {
        return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
    }
}
