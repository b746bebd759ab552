package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.infinito.gpt.GptDecoder.Feed;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FeedPlanTest {
    /** Two heads, a context of 8. */
    private static final GptConfig CONFIG = new GptConfig(50, 8, 1, 2, 4, true);

    private NDManager manager;
    private KvCachePool pool;

    @BeforeEach
    void openPool() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
        pool = new KvCachePool(manager, CONFIG, 3, DataType.FLOAT32);
    }

    @AfterEach
    void closeManager() {
        manager.close();
    }

    /** Two pieces of one prompt, of which the last is answered, and a token behind another sequence. */
    @Test
    void tellsWhereRowsAndKeysAre() {
        KvCache prompt = pool.take();
        KvCache other = pool.take();
        other.advance(5);
        FeedPlan plan = FeedPlan.of(
                List.of(
                        new Feed(prompt, new long[] {10, 11, 12}, false),
                        new Feed(prompt, new long[] {13, 14}, true),
                        new Feed(other, new long[] {20}, true)),
                pool,
                1);
        assertThat(plan.slots()).containsExactly(0, 0, 1);
        assertThat(plan.starts()).containsExactly(0, 3, 5);
        assertThat(plan.counts()).containsExactly(3, 2, 1);
        assertThat(plan.answered()).isEqualTo(2);
        assertThat(plan.numbers())
                .containsExactly(
                        // Ids, positions and slots of the rows.
                        10,
                        11,
                        12,
                        13,
                        14,
                        20, //
                        0,
                        1,
                        2,
                        3,
                        4,
                        5, //
                        0,
                        0,
                        0,
                        0,
                        0,
                        1, //
                        // The rows that are answered.
                        4,
                        5, //
                        // Where feeds begin, and where the last ends.
                        0,
                        3,
                        5,
                        6, //
                        // A slot has 8 rows for each of two heads.
                        0,
                        0,
                        16,
                        0, //
                        // Keys that each feed's last row sees.
                        3,
                        5,
                        6);
        assertThat(prompt.length()).isEqualTo(5);
        assertThat(other.length()).isEqualTo(6);
    }

    @Test
    void fillsWholeTiles() {
        KvCache prompt = pool.take();
        KvCache other = pool.take();
        FeedPlan plan = FeedPlan.of(
                List.of(
                        new Feed(prompt, new long[] {10, 11, 12}, false),
                        new Feed(other, new long[] {20}, false),
                        new Feed(other, new long[] {21}, true)),
                pool,
                4);
        assertThat(plan.answered()).isEqualTo(1);
        assertThat(plan.numbers())
                .containsExactly(
                        // Ids and positions of eight rows, of which five are tokens.
                        10,
                        11,
                        12,
                        20,
                        21,
                        0,
                        0,
                        0, //
                        0,
                        1,
                        2,
                        0,
                        1,
                        0,
                        0,
                        0, //
                        // Slots of the tokens.
                        0,
                        0,
                        0,
                        1,
                        1, //
                        // The row that is answered, and three that nobody asked for.
                        4,
                        0,
                        0,
                        0, //
                        // Where feeds begin, and where the last ends.
                        0,
                        3,
                        4,
                        5, //
                        // Where their keys begin, and how many count.
                        0,
                        16,
                        16,
                        0, //
                        3,
                        1,
                        2);
    }

    @Test
    void placesAreGivenToTheNext() {
        KvCache first = pool.take();
        KvCache second = pool.take();
        pool.take();
        assertThatThrownBy(() -> pool.take())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("all 3 caches are taken");
        first.advance(7);
        first.close();
        first.close();
        KvCache next = pool.take();
        assertThat(next.slot()).isEqualTo(first.slot()).isNotEqualTo(second.slot());
        assertThat(next.length()).isZero();
        assertThatThrownBy(() -> pool.take()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesToFeedNothing() {
        assertThatThrownBy(() -> FeedPlan.of(List.of(), pool, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is nothing to feed");
    }

    @Test
    void refusesCachesThatAreClosedOrOfAnotherDecoder() {
        KvCache closed = pool.take();
        closed.close();
        KvCache foreign = new KvCachePool(manager, CONFIG, 1, DataType.FLOAT32).take();
        for (KvCache cache : List.of(closed, foreign)) {
            assertThatThrownBy(() -> FeedPlan.of(List.of(new Feed(cache, new long[] {1}, true)), pool, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the cache of feed 0 is closed, or another decoder's");
        }
    }
}
