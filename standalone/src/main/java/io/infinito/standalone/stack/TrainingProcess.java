package io.infinito.standalone.stack;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How a process that trains is run: the trainer, and the benchmark of its steps. */
public final class TrainingProcess {
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

    private static final String BENCHMARK = "io.infinito.train.bench.TrainingBenchmark";

    private TrainingProcess() {}

    /**
     * The benchmark of training steps, which writes to this process's output.
     *
     * @param home the root of a built tree
     * @param arguments of the benchmark
     * @throws StackFailure if the trainer is not built
     */
    public static ProcessBuilder benchmark(Path home, List<String> arguments) {
        Path application = home.resolve("trainer-service/target/quarkus-app");
        if (!Files.isDirectory(application.resolve("app"))) {
            throw new StackFailure(application + " is missing: build it with 'mvn -DskipTests package'");
        }
        String classPath = String.join(
                File.pathSeparator,
                application.resolve("app") + "/*",
                application.resolve("lib/main") + "/*",
                application.resolve("lib/boot") + "/*");
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(JVM_OPTIONS);
        command.addAll(List.of("-cp", classPath, BENCHMARK));
        command.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(command).inheritIO();
        process.environment().putAll(environment(System.getenv()));
        process.environment().putAll(Map.of("DJL_OFFLINE", "true", "OPT_OUT_TRACKING", "true"));
        return process;
    }

    /**
     * What a process that trains needs in its environment.
     *
     * @param outer the environment of this process, where {@code PYTORCH_FLAVOR} names libtorch's kind
     */
    static Map<String, String> environment(Map<String, String> outer) {
        Map<String, String> environment = new HashMap<>(ALLOCATOR);
        if (outer.getOrDefault("PYTORCH_FLAVOR", "").startsWith("cu")) {
            environment.putAll(TF32);
        }
        return environment;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
