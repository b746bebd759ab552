package io.infinito.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.infinito.gpt.GradientGuard.Seen;
import io.infinito.gpt.GradientGuard.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientGuardTest {
    private static final double FACTOR = 1.5;

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = Engine.getEngine("PyTorch").newBaseManager();
    }

    @AfterEach
    void close() {
        manager.close();
    }

    /** The rule in plain Java: a mean in which the newest norm counts for 5 percent, compared after 20 updates. */
    private static final class Rule {
        double mean;
        int skipped;
        int inARow;
        int updates;

        boolean refuses(float loss, float norm) {
            double limit = updates < 20 ? Float.MAX_VALUE : FACTOR * mean;
            boolean refused = !(norm <= limit) || !Float.isFinite(loss);
            if (Float.isFinite(norm)) {
                double capped = Math.min(norm, limit);
                mean = mean == 0 ? capped : mean + 0.05 * (capped - mean);
            }
            skipped += refused ? 1 : 0;
            inARow = refused ? inARow + 1 : 0;
            updates += refused ? 0 : 1;
            return refused;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void skippingFollowsTheRuleToTheBit(long seed) {
        Random random = new Random(seed);
        Rule rule = new Rule();
        try (GradientGuard guard = new GradientGuard(manager, true, FACTOR, Seen.NOTHING, 7)) {
            for (int window = 0; window < 40; window++) {
                List<Verdict> expected = new ArrayList<>();
                for (int i = 0; i < 1 + random.nextInt(7); i++) {
                    float loss = random.nextInt(30) == 0 ? Float.NaN : random.nextFloat();
                    float norm = switch (random.nextInt(20)) {
                        case 0 -> Float.NaN;
                        case 1 -> Float.POSITIVE_INFINITY;
                        case 2 -> 100;
                        default -> 1 + random.nextFloat();
                    };
                    boolean refused = rule.refuses(loss, norm);
                    assertThat(guard.judge(manager.create(loss), manager.create(norm))
                                    .getFloat())
                            .isEqualTo(refused ? 1 : 0);
                    Seen after = new Seen(rule.mean, rule.skipped, rule.inARow, rule.updates);
                    expected.add(new Verdict(loss, norm, refused, false, after));
                }
                assertThat(guard.read()).isEqualTo(expected);
            }
        }
        assertThat(rule.skipped).isGreaterThan(10);
    }

    @Test
    void whatEndsARunRefusesAllThatFollows() {
        try (GradientGuard guard = new GradientGuard(manager, false, 0, Seen.NOTHING, 3)) {
            assertThat(judge(guard, 1, 2)).isZero();
            assertThat(judge(guard, 1, Float.NaN)).isOne();
            assertThat(judge(guard, 1, 2)).isOne();
            assertThat(guard.read()).extracting(Verdict::ends).containsExactly(false, true, true);
        }
    }

    @Test
    void tooManyInARowEndARunThatSkips() {
        Seen before = new Seen(1, 60, GradientGuard.MOST_SKIPPED_IN_A_ROW - 2, 30);
        try (GradientGuard guard = new GradientGuard(manager, true, 0, before, 2)) {
            judge(guard, Float.NaN, 1);
            judge(guard, Float.NaN, 1);
            assertThat(guard.read()).extracting(Verdict::ends).containsExactly(false, true);
        }
    }

    @Test
    void asksToBeReadBeforeItForgets() {
        try (GradientGuard guard = new GradientGuard(manager, true, 0, Seen.NOTHING, 1)) {
            judge(guard, 1, 1);
            assertThatThrownBy(() -> judge(guard, 1, 1)).hasMessage("1 steps were judged and none was read");
            assertThat(guard.read()).hasSize(1);
            assertThat(guard.read()).isEmpty();
        }
    }

    private float judge(GradientGuard guard, float loss, float norm) {
        return guard.judge(manager.create(loss), manager.create(norm)).getFloat();
    }
}
