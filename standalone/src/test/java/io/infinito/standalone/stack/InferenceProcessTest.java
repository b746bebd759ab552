package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class InferenceProcessTest {
    @Test
    void threadsSleepUnlessTheUserSaysHowTheyWait() {
        assertThat(InferenceProcess.environment(Map.of())).containsEntry("OMP_WAIT_POLICY", "passive");
        assertThat(InferenceProcess.environment(Map.of("OMP_WAIT_POLICY", "active")))
                .isEmpty();
        assertThat(InferenceProcess.environment(Map.of("GOMP_SPINCOUNT", "100000")))
                .isEmpty();
    }
}
