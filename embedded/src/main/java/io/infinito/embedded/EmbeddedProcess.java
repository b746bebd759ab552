package io.infinito.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * An embedded broker or S3 server running as a child process. It ends with {@link #close()}, and with this process however that ends.
 * Its log is {@code server.log} in its data directory.
 */
public final class EmbeddedProcess implements AutoCloseable {
    /** System property with the directory that holds the servers' jars: {@code embedded/target/lib} of a built tree. */
    public static final String LIB_PROPERTY = "infinito.embedded.lib";

    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);
    private static final int LOG_LINES = 8;

    private final Process process;
    private final String address;

    private EmbeddedProcess(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    /**
     * Starts a single-node Kafka broker and waits until it serves.
     *
     * @param dataDir where the log lies; what is there from an earlier broker is kept
     * @param port on loopback, 0 for a free one
     * @throws IllegalStateException if it does not come up, with its last log lines
     */
    public static EmbeddedProcess broker(Path dataDir, int port) {
        return start("broker", dataDir, brokerCommand(dataDir, port), Map.of());
    }

    /**
     * Starts an S3 server and waits until it serves.
     *
     * @param dataDir where the objects lie; what is there from an earlier server is kept
     * @param port on loopback, 0 for a free one
     * @throws IllegalStateException if it does not come up, with its last log lines
     */
    public static EmbeddedProcess s3(Path dataDir, int port, String accessKey, String secretKey) {
        return start("S3 server", dataDir, s3Command(dataDir, port), s3Environment(accessKey, secretKey));
    }

    /** The command line of {@link #broker}, for a caller that keeps the process itself. */
    public static List<String> brokerCommand(Path dataDir, int port) {
        return command("io.infinito.embedded.EmbeddedBroker", dataDir, port);
    }

    /** The command line of {@link #s3}; it needs {@link #s3Environment} too. */
    public static List<String> s3Command(Path dataDir, int port) {
        return command("io.infinito.embedded.EmbeddedS3", dataDir, port);
    }

    /** The environment variables that tell the S3 server its keys. */
    public static Map<String, String> s3Environment(String accessKey, String secretKey) {
        return Map.of("EMBEDDED_S3_ACCESS_KEY", accessKey, "EMBEDDED_S3_SECRET_KEY", secretKey);
    }

    /** {@code host:port} of a broker, {@code http://host:port} of an S3 server. */
    public String address() {
        return address;
    }

    /** Ends the server in order, by force if that takes over fifteen seconds. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    long pid() {
        return process.pid();
    }

    private static List<String> command(String main, Path dataDir, int port) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        // Ctrl-C in a terminal reaches every process of it at once; the servers must outlive the services that write to
        // them.
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", java));
        // Small and quick to start: the machine belongs to training.
        command.addAll(
                List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"));
        command.addAll(List.of("-cp", classPath(), main));
        command.addAll(List.of(dataDir.toAbsolutePath().toString(), String.valueOf(port)));
        return command;
    }

    private static String classPath() {
        String lib = System.getProperty(LIB_PROPERTY);
        if (lib == null || !Files.isDirectory(Path.of(lib))) {
            throw new IllegalStateException("system property " + LIB_PROPERTY + "=" + lib
                    + " is not a directory: build the module 'embedded' and name its target/lib");
        }
        return ownClasses(Path.of(lib)) + java.io.File.pathSeparator + Path.of(lib, "*");
    }

    private static Path ownClasses(Path lib) {
        CodeSource source = EmbeddedProcess.class.getProtectionDomain().getCodeSource();
        if (source != null && "file".equals(source.getLocation().getProtocol())) {
            try {
                return Path.of(source.getLocation().toURI());
            } catch (URISyntaxException e) {
                throw new IllegalStateException("cannot find own classes in " + source.getLocation(), e);
            }
        }
        // Some class loaders do not say where a class came from.
        return lib.resolveSibling("classes");
    }

    private static EmbeddedProcess start(
            String name, Path dataDir, List<String> command, Map<String, String> environment) {
        Path log = dataDir.resolve("server.log");
        Process process;
        try {
            Files.createDirectories(dataDir);
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start the embedded " + name + " in " + dataDir, e);
        }
        try {
            return new EmbeddedProcess(process, awaitReady(process));
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the embedded " + name + " started", e);
        } catch (ExecutionException | TimeoutException e) {
            process.destroyForcibly();
            throw new IllegalStateException(
                    "the embedded " + name + " did not come up; " + log + " ends with: " + lastLines(log), e);
        }
    }

    private static String awaitReady(Process process)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<String> ready = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(process, ready), "embedded-" + process.pid());
        reader.setDaemon(true);
        reader.start();
        return ready.get(START_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void read(Process process, CompletableFuture<String> ready) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith("READY ")) {
                    ready.complete(line.substring("READY ".length()));
                }
            }
            ready.completeExceptionally(new IOException("it ended without the line READY"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    private static String lastLines(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
        } catch (IOException e) {
            return "(unreadable: " + e.getMessage() + ")";
        }
    }
}
