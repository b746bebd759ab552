package io.infinito.gpt;

import io.infinito.gpt.GptDecoder.Feed;
import java.util.List;

/**
 * What {@code decode.torchscript} is told of one pass. F feeds have M tokens, the first of the N rows of the pass, and A of them are answered.
 * N and B are M and A, rounded up to whole tiles: what fills them stands for nobody.
 *
 * @param numbers for the device, in one piece, as {@code feed} wants them [2N + M + B + 3F + 2]: ids and positions of the rows; slots of the tokens; the
 *     rows that are answered; where each feed's rows begin, and M; where each feed's keys begin, and 0; how many of these keys count
 * @param answered A
 * @param slots for each feed its cache's place
 * @param starts for each feed the tokens that its cache holds before it
 * @param counts for each feed its tokens
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record FeedPlan(long[] numbers, int answered, long[] slots, long[] starts, long[] counts) {
    /**
     * Advances the caches.
     *
     * @param tile rows are filled up to a multiple of this
     * @throws IllegalArgumentException if there is no feed, one has no ids, or more than its cache has room for, or a cache is not of this pool
     */
    static FeedPlan of(List<Feed> feeds, KvCachePool pool, int tile) {
        if (feeds.isEmpty()) {
            throw new IllegalArgumentException("there is nothing to feed");
        }
        int m = feeds.stream().mapToInt(feed -> feed.ids().length).sum();
        int n = wholeTiles(m, tile);
        int f = feeds.size();
        int answered = (int) feeds.stream().filter(Feed::answered).count();
        int answers = 2 * n + m;
        int firsts = answers + wholeTiles(answered, tile);
        int places = firsts + f + 1;
        int lengths = places + f + 1;
        long[] numbers = new long[lengths + f];
        long[] slots = new long[f];
        long[] starts = new long[f];
        long[] counts = new long[f];
        int row = 0;
        for (int i = 0; i < f; i++) {
            Feed feed = feeds.get(i);
            KvCache cache = feed.cache();
            if (!cache.isOf(pool)) {
                throw new IllegalArgumentException("the cache of feed " + i + " is closed, or another decoder's");
            }
            slots[i] = cache.slot();
            starts[i] = cache.advance(feed.ids().length);
            counts[i] = feed.ids().length;
            numbers[firsts + i] = row;
            numbers[places + i] = pool.place(cache.slot());
            numbers[lengths + i] = starts[i] + counts[i];
            for (long id : feed.ids()) {
                numbers[row] = id;
                numbers[n + row] = starts[i] + row - numbers[firsts + i];
                numbers[2 * n + row] = cache.slot();
                row++;
            }
            if (feed.answered()) {
                numbers[answers++] = row - 1;
            }
        }
        numbers[firsts + f] = m;
        return new FeedPlan(numbers, answered, slots, starts, counts);
    }

    private static int wholeTiles(int rows, int tile) {
        return (rows + tile - 1) / tile * tile;
    }
}
