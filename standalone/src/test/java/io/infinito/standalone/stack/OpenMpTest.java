package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenMpTest {
    @Test
    void threadsThatWaitSleepUnlessTheUserSaysHowTheyWait() {
        assertThat(OpenMp.asleep(Map.of())).containsOnly(Map.entry("OMP_WAIT_POLICY", "passive"));
        assertThat(OpenMp.awakeForAMoment(Map.of())).containsOnly(Map.entry("GOMP_SPINCOUNT", "1000"));
        for (String variable : new String[] {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
            Map<String, String> outer = Map.of(variable, "any");
            assertThat(OpenMp.asleep(outer)).isEmpty();
            assertThat(OpenMp.awakeForAMoment(outer)).isEmpty();
        }
    }
}
