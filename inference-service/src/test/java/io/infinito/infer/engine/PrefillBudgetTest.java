package io.infinito.infer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PrefillBudgetTest {
    private static final int PIECE = PrefillBudget.PIECE;
    private static final long MILLI = 1_000_000;

    private final PrefillBudget budget = new PrefillBudget(Duration.ofMillis(50));

    @Test
    void readsAPieceUntilItKnowsWhatOneTakes() {
        assertThat(budget.tokens(true)).isEqualTo(PIECE);
    }

    @Test
    void readsAsManyPiecesAsFit() {
        // Twenty milliseconds a piece, beside ten of decoding.
        budget.took(0, 4, 10 * MILLI);
        budget.took(PIECE, 4, 30 * MILLI);
        assertThat(budget.tokens(true)).isEqualTo(2 * PIECE);
    }

    @Test
    void readsOnePieceWhereNoneFits() {
        budget.took(PIECE, 0, 500 * MILLI);
        assertThat(budget.tokens(true)).isEqualTo(PIECE);
    }

    @Test
    void readsMoreWhereNobodyIsHeldUp() {
        budget.took(PIECE, 0, 500 * MILLI);
        assertThat(budget.tokens(false)).isEqualTo(8 * PIECE);
    }

    @Test
    void followsAMachineThatBecomesSlower() {
        budget.took(PIECE, 0, 5 * MILLI);
        int before = budget.tokens(true);
        for (int i = 0; i < 30; i++) {
            budget.took(PIECE, 0, 25 * MILLI);
        }
        assertThat(before).isEqualTo(8 * PIECE);
        assertThat(budget.tokens(true)).isBetween(PIECE, 2 * PIECE);
    }
}
