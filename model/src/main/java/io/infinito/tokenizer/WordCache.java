package io.infinito.tokenizer;

/**
 * The ids of words met before, in a memory of fixed size: a word of up to 31 bytes is found again by comparing a few numbers. Words of up
 * to 7 bytes and 3 ids, which most are, have a small table of their own. A word takes the place of the one that has been longer in its set
 * of two. Of use to one thread.
 */
final class WordCache {
    /** What the find methods return for a word that is not there. */
    static final int MISSING = -1;
    /** Ids that a find method may write, also beyond the end that it returns. */
    static final int ROOM = 16;
    /** Bytes of the longest words that are remembered. */
    static final int LONGEST = 31;
    /** Bytes of the longest words that {@link #findTiny} finds. */
    static final int LONGEST_TINY = 7;

    private static final int LENGTH_SHIFT = 56;
    private static final int COUNT_SHIFT = 48;
    private static final int IDS_OF_LONG = 4;
    private static final long ID_MASK = 0xFFFF;
    private static final long MIX = 0xD6E8FEB86659FD93L;
    private static final long MIX_MORE = 0x9E3779B97F4A7C15L;

    private static final int TINY_SET_BITS = 15;
    private static final int TINY_IDS = 3;
    private static final int TINY_ENTRY = 2;

    private static final int SET_BITS = 15;
    private static final int IDS = 15;
    private static final int ENTRY = 8;
    /** Where in an entry the ids start, after the word. */
    private static final int IDS_AT = 4;

    /** Two entries a set: the word's bytes and, on top, their number; ids and, on top, their number. */
    private final long[] tiny = new long[(2 * TINY_ENTRY) << TINY_SET_BITS];
    /** The same with four numbers for the word and four for the ids. */
    private final long[] words = new long[(2 * ENTRY) << SET_BITS];

    /**
     * Writes the ids of a word of up to 7 bytes to {@code out}.
     *
     * @return where they end, or {@link #MISSING}
     */
    int findTiny(byte[] text, int from, int to, int[] out, int at) {
        long word = Utf8.bytesAt(text, from, to) | (long) (to - from) << LENGTH_SHIFT;
        int set = tinySet(word);
        long found;
        if (tiny[set] == word) {
            found = tiny[set + 1];
        } else if (tiny[set + TINY_ENTRY] == word) {
            found = tiny[set + TINY_ENTRY + 1];
        } else {
            return MISSING;
        }
        out[at] = (int) (found & ID_MASK);
        out[at + 1] = (int) (found >>> 16 & ID_MASK);
        out[at + 2] = (int) (found >>> 32 & ID_MASK);
        return at + (int) (found >>> COUNT_SHIFT);
    }

    /**
     * Writes the ids of a word of up to 31 bytes to {@code out}.
     *
     * @return where they end, or {@link #MISSING}
     */
    int find(byte[] text, int from, int to, int[] out, int at) {
        long first = part(text, from, to, 0);
        long second = part(text, from, to, 1);
        long third = 0;
        long fourth = (long) (to - from) << LENGTH_SHIFT;
        if (to - from > 2 * Long.BYTES) {
            third = part(text, from, to, 2);
            fourth |= part(text, from, to, 3);
        }
        int entry = set(first, second, third, fourth);
        if (!isAt(entry, first, second, third, fourth)) {
            entry += ENTRY;
            if (!isAt(entry, first, second, third, fourth)) {
                return MISSING;
            }
        }
        int count = (int) (words[entry + ENTRY - 1] >>> COUNT_SHIFT);
        write(words[entry + IDS_AT], out, at);
        if (count > IDS_OF_LONG) {
            write(words[entry + IDS_AT + 1], out, at + IDS_OF_LONG);
            write(words[entry + IDS_AT + 2], out, at + 2 * IDS_OF_LONG);
            write(words[entry + IDS_AT + 3], out, at + 3 * IDS_OF_LONG);
        }
        return at + count;
    }

    /** Remembers the {@code ids} from {@code at} to {@code end} as those of a word of up to 31 bytes, if they are not too many. */
    void remember(byte[] text, int from, int to, int[] ids, int at, int end) {
        int count = end - at;
        if (to - from <= LONGEST_TINY && count <= TINY_IDS) {
            long word = Utf8.bytesAt(text, from, to) | (long) (to - from) << LENGTH_SHIFT;
            int set = tinySet(word);
            tiny[set + TINY_ENTRY] = tiny[set];
            tiny[set + TINY_ENTRY + 1] = tiny[set + 1];
            tiny[set] = word;
            tiny[set + 1] = pack(ids, at, end) | (long) count << COUNT_SHIFT;
        } else if (count <= IDS) {
            long first = part(text, from, to, 0);
            long second = part(text, from, to, 1);
            long third = part(text, from, to, 2);
            long fourth = part(text, from, to, 3) | (long) (to - from) << LENGTH_SHIFT;
            int set = set(first, second, third, fourth);
            System.arraycopy(words, set, words, set + ENTRY, ENTRY);
            words[set] = first;
            words[set + 1] = second;
            words[set + 2] = third;
            words[set + 3] = fourth;
            for (int i = 0; i < ENTRY - IDS_AT; i++) {
                int start = Math.min(end, at + IDS_OF_LONG * i);
                words[set + IDS_AT + i] = pack(ids, start, Math.min(end, start + IDS_OF_LONG));
            }
            words[set + ENTRY - 1] |= (long) count << COUNT_SHIFT;
        }
    }

    private boolean isAt(int entry, long first, long second, long third, long fourth) {
        return words[entry] == first
                && words[entry + 1] == second
                && words[entry + 3] == fourth
                && words[entry + 2] == third;
    }

    private static int tinySet(long word) {
        return (int) ((word * MIX) >>> (Long.SIZE - TINY_SET_BITS)) * 2 * TINY_ENTRY;
    }

    private static int set(long first, long second, long third, long fourth) {
        long hash = first ^ Long.rotateLeft((second ^ Long.rotateLeft((third ^ fourth) * MIX, 32)) * MIX_MORE, 32);
        return (int) ((hash * MIX) >>> (Long.SIZE - SET_BITS)) * 2 * ENTRY;
    }

    /** Eight of a word's bytes, with zeros for those that it does not have. */
    private static long part(byte[] text, int from, int to, int part) {
        int start = from + part * Long.BYTES;
        return start < to ? Utf8.bytesAt(text, start, Math.min(to, start + Long.BYTES)) : 0;
    }

    private static long pack(int[] ids, int from, int to) {
        long packed = 0;
        for (int i = to - 1; i >= from; i--) {
            packed = packed << Character.SIZE | ids[i];
        }
        return packed;
    }

    private static void write(long packed, int[] out, int at) {
        out[at] = (int) (packed & ID_MASK);
        out[at + 1] = (int) (packed >>> 16 & ID_MASK);
        out[at + 2] = (int) (packed >>> 32 & ID_MASK);
        out[at + 3] = (int) (packed >>> 48);
    }
}
