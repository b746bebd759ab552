package io.infinito.tokenizer;

import java.util.Arrays;

/**
 * Byte pair encoding of one word: of all neighbours, those whose merge has the lowest rank become one, the leftmost first, until none
 * can. Of use to one thread.
 */
final class WordMerger {
    /** From this many bytes on, going through all neighbours for every merge would take longer than keeping them in order. */
    static final int LONG_WORD = 96;

    private final MergeTable merges;
    private final int[] id = new int[LONG_WORD];
    /** What each id and the next would become. */
    private final int[] merged = new int[LONG_WORD];

    WordMerger(MergeTable merges) {
        this.merges = merges;
    }

    /**
     * Writes the ids of the word that {@code text} holds from {@code from} to {@code to}.
     *
     * @return where the ids in {@code out} end, which has room for one of each byte
     */
    int merge(byte[] text, int from, int to, int[] out, int outFrom) {
        int length = to - from;
        if (length == 1) {
            out[outFrom] = merges.ofByte(text[from]);
            return outFrom + 1;
        }
        return length < LONG_WORD
                ? mergeShort(text, from, length, out, outFrom)
                : mergeLong(text, from, length, out, outFrom);
    }

    private int mergeShort(byte[] text, int from, int length, int[] out, int outFrom) {
        int size = length;
        for (int i = 0; i < size - 1; i++) {
            id[i] = merges.ofByte(text[from + i]);
            merged[i] = merges.ofBytes(text[from + i], text[from + i + 1]);
        }
        id[size - 1] = merges.ofByte(text[from + size - 1]);
        merged[size - 1] = MergeTable.NO_MERGE;
        while (true) {
            int lowest = MergeTable.NO_MERGE;
            int at = 0;
            for (int i = 0; i < size - 1; i++) {
                if (merged[i] < lowest) {
                    lowest = merged[i];
                    at = i;
                }
            }
            if (lowest == MergeTable.NO_MERGE) {
                System.arraycopy(id, 0, out, outFrom, size);
                return outFrom + size;
            }
            size--;
            id[at] = lowest;
            for (int i = at + 1; i < size; i++) {
                id[i] = id[i + 1];
                merged[i] = merged[i + 1];
            }
            merged[at] = at + 1 < size ? merges.merged(lowest, id[at + 1]) : MergeTable.NO_MERGE;
            if (at > 0) {
                merged[at - 1] = merges.merged(id[at - 1], lowest);
            }
        }
    }

    /** In n log n: a heap of merges, and a linked list of the ids that are left. Entries that a merge has overtaken are passed over. */
    private int mergeLong(byte[] text, int from, int length, int[] out, int outFrom) {
        int[] ids = new int[length];
        int[] next = new int[length];
        int[] before = new int[length];
        int[] becomes = new int[length];
        MergeHeap heap = new MergeHeap(length);
        for (int i = 0; i < length; i++) {
            ids[i] = merges.ofByte(text[from + i]);
            next[i] = i + 1;
            before[i] = i - 1;
            becomes[i] = i + 1 < length ? merges.ofBytes(text[from + i], text[from + i + 1]) : MergeTable.NO_MERGE;
            heap.add(becomes[i], i);
        }
        while (!heap.isEmpty()) {
            int rank = heap.rank();
            int at = heap.position();
            heap.remove();
            if (becomes[at] != rank) {
                continue;
            }
            int taken = next[at];
            ids[at] = rank;
            becomes[taken] = MergeTable.NO_MERGE;
            next[at] = next[taken];
            becomes[at] = MergeTable.NO_MERGE;
            if (next[at] < length) {
                before[next[at]] = at;
                becomes[at] = merges.merged(rank, ids[next[at]]);
                heap.add(becomes[at], at);
            }
            if (before[at] >= 0) {
                int left = before[at];
                becomes[left] = merges.merged(ids[left], rank);
                heap.add(becomes[left], left);
            }
        }
        int count = outFrom;
        for (int i = 0; i < length; i = next[i]) {
            out[count++] = ids[i];
        }
        return count;
    }

    /** Merges by rank, those of one rank from left to right. */
    private static final class MergeHeap {
        private long[] entries;
        private int size;

        MergeHeap(int capacity) {
            entries = new long[capacity];
        }

        boolean isEmpty() {
            return size == 0;
        }

        int rank() {
            return (int) (entries[0] >>> Integer.SIZE);
        }

        int position() {
            return (int) entries[0];
        }

        void add(int rank, int position) {
            if (rank == MergeTable.NO_MERGE) {
                return;
            }
            if (size == entries.length) {
                entries = Arrays.copyOf(entries, 2 * size);
            }
            long entry = (long) rank << Integer.SIZE | position;
            int at = size++;
            while (at > 0 && entries[(at - 1) / 2] > entry) {
                entries[at] = entries[(at - 1) / 2];
                at = (at - 1) / 2;
            }
            entries[at] = entry;
        }

        void remove() {
            long last = entries[--size];
            int at = 0;
            for (int child = 1; child < size; child = 2 * at + 1) {
                if (child + 1 < size && entries[child + 1] < entries[child]) {
                    child++;
                }
                if (entries[child] >= last) {
                    break;
                }
                entries[at] = entries[child];
                at = child;
            }
            entries[at] = last;
        }
    }
}
