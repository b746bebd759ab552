package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingProcessTest {
    private static final String TF32 = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE";

    @Test
    void theAllocatorIsSetAlwaysAndTf32ForCudaOnly() {
        assertThat(TrainingProcess.environment(Map.of()))
                .containsEntry("MALLOC_ARENA_MAX", "1")
                .doesNotContainKey(TF32);
        assertThat(TrainingProcess.environment(Map.of("PYTORCH_FLAVOR", "cpu"))).doesNotContainKey(TF32);
        assertThat(TrainingProcess.environment(Map.of("PYTORCH_FLAVOR", "cu128")))
                .containsEntry("MALLOC_ARENA_MAX", "1")
                .containsEntry(TF32, "1");
    }
}
