package io.infinito.standalone.stack;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A benchmark of a service, in a process with the service's own jars, options and environment; it writes to this process's output. */
public final class BenchmarkProcess {
    private final List<String> command;
    private final Map<String, String> environment;

    private BenchmarkProcess(Path application, List<String> options, Map<String, String> environment, String main) {
        if (!Files.isDirectory(application.resolve("app"))) {
            throw new StackFailure(application + " is missing: build it with 'mvn -DskipTests package'");
        }
        String classPath = String.join(
                File.pathSeparator,
                application.resolve("app") + "/*",
                application.resolve("lib/main") + "/*",
                application.resolve("lib/boot") + "/*");
        command = new ArrayList<>(List.of(TrainingProcess.java()));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main));
        this.environment = environment;
    }

    /**
     * Of training steps.
     *
     * @param home the root of a built tree
     * @throws StackFailure if the trainer is not built
     */
    public static BenchmarkProcess training(Path home) {
        return new BenchmarkProcess(
                home.resolve("trainer-service/target/quarkus-app"),
                TrainingProcess.JVM_OPTIONS,
                TrainingProcess.environment(System.getenv()),
                "io.infinito.train.bench.TrainingBenchmark");
    }

    /**
     * Of generation.
     *
     * @param home the root of a built tree
     * @throws StackFailure if the inference service is not built
     */
    public static BenchmarkProcess generation(Path home) {
        return new BenchmarkProcess(
                home.resolve("inference-service/target/quarkus-app"),
                StackPlan.SMALL,
                OpenMp.asleep(System.getenv()),
                "io.infinito.infer.bench.GenerationBenchmark");
    }

    /** Tells the benchmark a value; null leaves it to the benchmark. */
    public BenchmarkProcess with(String option, Object value) {
        if (value != null) {
            command.add(option + "=" + value);
        }
        return this;
    }

    /** Whether it is to write a line of JSON. */
    public BenchmarkProcess json(boolean json) {
        if (json) {
            command.add("--json");
        }
        return this;
    }

    /**
     * Runs it to its end; it is stopped with this process.
     *
     * @return its exit code
     */
    public int run() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(environment);
        builder.environment().putAll(Map.of("DJL_OFFLINE", "true", "OPT_OUT_TRACKING", "true"));
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy, "stop"));
        return process.waitFor();
    }
}
