package io.infinito.standalone.stack;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How a process that generates is run: the inference service, and the benchmark of its engine. */
public final class ServingProcess {
    /** Threads of libtorch that wait must not keep a core busy that the other threads of the service need. */
    static final Map<String, String> THREADS = Map.of("OMP_WAIT_POLICY", "passive");

    private static final String BENCHMARK = "io.infinito.infer.bench.GenerationBenchmark";

    private ServingProcess() {}

    /**
     * The benchmark of generation, which writes to this process's output.
     *
     * @param home the root of a built tree
     * @param arguments of the benchmark
     * @throws StackFailure if the inference service is not built
     */
    public static ProcessBuilder benchmark(Path home, List<String> arguments) {
        Path application = home.resolve("inference-service/target/quarkus-app");
        if (!Files.isDirectory(application.resolve("app"))) {
            throw new StackFailure(application + " is missing: build it with 'mvn -DskipTests package'");
        }
        String classPath = String.join(
                File.pathSeparator,
                application.resolve("app") + "/*",
                application.resolve("lib/main") + "/*",
                application.resolve("lib/boot") + "/*");
        List<String> command = new ArrayList<>(List.of(TrainingProcess.java()));
        command.addAll(StackPlan.SMALL);
        command.addAll(List.of("-cp", classPath, BENCHMARK));
        command.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(command).inheritIO();
        process.environment().putAll(THREADS);
        process.environment().putAll(Map.of("DJL_OFFLINE", "true", "OPT_OUT_TRACKING", "true"));
        return process;
    }
}
