package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.dataset.TokenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequenceOrderTest {
    @TempDir
    Path folder;

    @Test
    void eachEpochHasEverySequenceOnceInAnOrderOfItsOwn() throws IOException {
        SequenceOrder order = new SequenceOrder(tokens(85), 8, 3);
        assertThat(order.size()).isEqualTo(10);
        assertThat(sorted(order.ofEpoch(0))).containsExactly(0, 8, 16, 24, 32, 40, 48, 56, 64, 72);
        assertThat(order.ofEpoch(1)).isNotEqualTo(order.ofEpoch(0)).isEqualTo(order.ofEpoch(1));
        assertThat(sorted(order.ofEpoch(1))).isEqualTo(sorted(order.ofEpoch(0)));
    }

    @Test
    void aRandomOffsetMovesTheCutsAndStaysInsideTheSplit() throws IOException {
        SequenceOrder order = new SequenceOrder(tokens(84), 8, 3, true);
        assertThat(order.size()).isEqualTo(9);
        long[] offsets = IntStream.range(0, 60)
                .mapToLong(epoch -> {
                    long[] starts = sorted(order.ofEpoch(epoch));
                    assertThat(starts).hasSize(9);
                    assertThat(starts[8] + 8).isLessThan(84);
                    assertThat(starts[8] - starts[0]).isEqualTo(64);
                    return starts[0];
                })
                .distinct()
                .sorted()
                .toArray();
        assertThat(offsets).isEqualTo(LongStream.range(0, 8).toArray());
    }

    @Test
    void sequencesAreTheTokensAndThoseThatFollow() throws IOException {
        long[] ids = new long[8];
        long[] targets = new long[8];
        new SequenceOrder(tokens(30), 4, 1).copy(9, ids, targets, 1);
        assertThat(ids).containsExactly(0, 0, 0, 0, 9, 10, 11, 12);
        assertThat(targets).containsExactly(0, 0, 0, 0, 10, 11, 12, 13);
    }

    @Test
    void namesTheOptionThatASplitIsTooShortFor() throws IOException {
        assertThat(new SequenceOrder(tokens(9), 8, 1).size()).isEqualTo(1);
        assertThat(new SequenceOrder(tokens(16), 8, 1, true).size()).isEqualTo(1);
        assertThatThrownBy(() -> new SequenceOrder(tokens(15), 8, 1, true))
                .hasMessageContaining("15 tokens")
                .hasMessageContaining("training.randomOffset");
    }

    @Test
    void tokenDropoutReplacesTheShareThatWasAskedForAndIsAFunctionOfTheStep() throws IOException {
        TokenDropout dropout = new TokenDropout(tokens(100), 0.3, 5);
        long[] first = noisy(dropout, 4, 0);
        assertThat(noisy(dropout, 4, 0)).isEqualTo(first);
        assertThat(noisy(dropout, 5, 0)).isNotEqualTo(first);
        assertThat(noisy(dropout, 4, 1)).isNotEqualTo(first);
        assertThat(Arrays.stream(first).filter(id -> id != 1000).count()).isBetween(2800L, 3200L);
        assertThat(Arrays.stream(first).filter(id -> id != 1000)).allMatch(id -> id < 100);
        assertThat(noisy(new TokenDropout(tokens(100), 0, 5), 4, 0)).containsOnly(1000);
    }

    private static long[] noisy(TokenDropout dropout, int step, int microBatch) {
        long[] ids = new long[10_000];
        Arrays.fill(ids, 1000);
        dropout.apply(ids, step, microBatch);
        return ids;
    }

    private static long[] sorted(long[] values) {
        return Arrays.stream(values).sorted().toArray();
    }

    private TokenFile tokens(int count) throws IOException {
        return TokenFiles.of(folder, IntStream.range(0, count).toArray());
    }
}
