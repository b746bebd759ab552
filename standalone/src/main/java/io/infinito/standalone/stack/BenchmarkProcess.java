package io.infinito.standalone.stack;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A benchmark of a service, in a process with the service's own jars, options and environment; it writes to this process's output. */
public final class BenchmarkProcess {
    private BenchmarkProcess() {}

    /**
     * Of training steps.
     *
     * @param home the root of a built tree
     * @param arguments of the benchmark
     * @throws StackFailure if the trainer is not built
     */
    public static ProcessBuilder training(Path home, List<String> arguments) {
        return process(
                home.resolve("trainer-service/target/quarkus-app"),
                TrainingProcess.JVM_OPTIONS,
                TrainingProcess.environment(System.getenv()),
                "io.infinito.train.bench.TrainingBenchmark",
                arguments);
    }

    /**
     * Of generation.
     *
     * @param home the root of a built tree
     * @param arguments of the benchmark
     * @throws StackFailure if the inference service is not built
     */
    public static ProcessBuilder generation(Path home, List<String> arguments) {
        return process(
                home.resolve("inference-service/target/quarkus-app"),
                StackPlan.SMALL,
                OpenMp.asleep(System.getenv()),
                "io.infinito.infer.bench.GenerationBenchmark",
                arguments);
    }

    private static ProcessBuilder process(
            Path application,
            List<String> options,
            Map<String, String> environment,
            String main,
            List<String> arguments) {
        if (!Files.isDirectory(application.resolve("app"))) {
            throw new StackFailure(application + " is missing: build it with 'mvn -DskipTests package'");
        }
        String classPath = String.join(
                File.pathSeparator,
                application.resolve("app") + "/*",
                application.resolve("lib/main") + "/*",
                application.resolve("lib/boot") + "/*");
        List<String> command = new ArrayList<>(List.of(TrainingProcess.java()));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main));
        command.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(command).inheritIO();
        process.environment().putAll(environment);
        process.environment().putAll(Map.of("DJL_OFFLINE", "true", "OPT_OUT_TRACKING", "true"));
        return process;
    }
}
