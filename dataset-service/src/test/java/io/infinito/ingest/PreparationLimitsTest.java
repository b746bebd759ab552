package io.infinito.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PreparationLimitsTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final int KAFKA_DEFAULT_LIMIT = 1_048_588;

    @Test
    void refusesLimitsThatAllowNothing() {
        assertThatThrownBy(() -> limits(1000, 1, SECOND, SECOND.multipliedBy(3)))
                .hasMessageContaining("infinito.dataset.shard-tokens must be from 1024");
        assertThatThrownBy(() -> limits(4096, 0, SECOND, SECOND.multipliedBy(3)))
                .hasMessageContaining("infinito.dataset.max-pieces-in-flight");
        assertThatThrownBy(() -> limits(4096, 1, Duration.ZERO, SECOND.multipliedBy(3)))
                .hasMessageContaining("infinito.dataset.shard-timeout");
        assertThatThrownBy(() -> limits(4096, 1, SECOND, SECOND.multipliedBy(2)))
                .hasMessageContaining("infinito.dataset.claim-timeout must be at least three times");
    }

    @Test
    void keepsDefaultPiecesAndShardsUnderKafkasDefaultLimit() {
        PreparationLimits limits = limits(262_144, 1, SECOND, SECOND.multipliedBy(3));
        assertThat(limits.maxPieceBytes()).isLessThan(KAFKA_DEFAULT_LIMIT - 8_192);
        assertThat(limits.shardBytes()).isEqualTo(524_288);
    }

    private static PreparationLimits limits(int tokens, int pieces, Duration shardTimeout, Duration claimTimeout) {
        return new PreparationLimits(tokens, pieces, shardTimeout, claimTimeout, SECOND, Path.of("work"));
    }
}
