package io.infinito.standalone.stack;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How a process that trains is run: the trainer, and the benchmark of its steps. */
final class TrainingProcess {
    /**
     * Room for two copies of a checkpoint of gpt2-small. Out of memory ends the job, not the trainer. Steps leave little garbage: a
     * small young generation keeps resident memory from growing for as long as a large one takes to fill.
     */
    static final List<String> JVM_OPTIONS = List.of("-Xmx4g", "-Xmn32m", "-XX:+UseSerialGC");

    /**
     * glibc's allocator as training wants it: it keeps the memory of one step for the next, instead of giving it back and faulting it in
     * again.
     */
    private static final Map<String, String> ALLOCATOR = Map.of(
            "MALLOC_ARENA_MAX", "1", "MALLOC_MMAP_MAX_", "0", "MALLOC_TRIM_THRESHOLD_", String.valueOf(8_000_000_000L));

    /** Products that stay float32 on a GPU may use TF32. On a CPU the same setting would change results, where it does anything. */
    private static final Map<String, String> TF32 = Map.of("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "1");

    private TrainingProcess() {}

    /**
     * What a process that trains needs in its environment.
     *
     * @param outer the environment of this process, where {@code PYTORCH_FLAVOR} names libtorch's kind
     */
    static Map<String, String> environment(Map<String, String> outer) {
        Map<String, String> environment = new HashMap<>(ALLOCATOR);
        environment.putAll(OpenMp.awakeForAMoment(outer));
        if (outer.getOrDefault("PYTORCH_FLAVOR", "").startsWith("cu")) {
            environment.putAll(TF32);
        }
        return environment;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
