package io.infinito.tokenizer;

import java.util.Arrays;

/** Encodes one text after the other, and knows the words again that it has met. Some 5 MB. Of use to one thread. */
final class EncodingPass {
    private static final int FIRST_ROOM = 1 << 10;
    /** Ids of room that are kept after a text. */
    private static final int KEPT_ROOM = 1 << 20;

    private final WordMerger merger;
    private final WordCache cache = new WordCache();
    private int[] ids = new int[FIRST_ROOM];
    private int count;

    EncodingPass(MergeTable merges) {
        this.merger = new WordMerger(merges);
    }

    /** Adds the ids of text in which no special token is to be looked for. */
    void encode(byte[] text, int from, int to) {
        int at = from;
        while (at < to) {
            int end = at + WordScanner.WINDOW <= to ? WordScanner.easyWordEnd(text, at) : at;
            if (end == at) {
                end = WordScanner.wordEnd(text, at, to);
            }
            ensureRoom(WordCache.ROOM);
            int idsEnd =
                    end - at <= WordCache.LONGEST_TINY ? cache.findTiny(text, at, end, ids, count) : WordCache.MISSING;
            count = idsEnd == WordCache.MISSING ? addOther(text, at, end) : idsEnd;
            at = end;
        }
    }

    /** Adds one id. */
    void add(int id) {
        ensureRoom(1);
        ids[count++] = id;
    }

    /** Hands over the ids since the last time. */
    int[] takeIds() {
        int[] taken = Arrays.copyOf(ids, count);
        count = 0;
        if (ids.length > KEPT_ROOM) {
            ids = new int[FIRST_ROOM];
        }
        return taken;
    }

    private int addOther(byte[] text, int from, int to) {
        if (to - from > WordCache.LONGEST) {
            ensureRoom(to - from);
            return merger.merge(text, from, to, ids, count);
        }
        int end = cache.find(text, from, to, ids, count);
        if (end == WordCache.MISSING) {
            ensureRoom(to - from);
            end = merger.merge(text, from, to, ids, count);
            cache.remember(text, from, to, ids, count, end);
        }
        return end;
    }

    private void ensureRoom(int more) {
        if (ids.length - count < more) {
            ids = Arrays.copyOf(ids, Math.max(2 * ids.length, count + more));
        }
    }
}
