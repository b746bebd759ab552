package io.infinito.standalone.stack;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A running process of the stack, with its log. */
final class ServiceProcess {
    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);
    private static final int LOG_LINES = 15;
    private static final HttpClient PROBES = HttpClient.newBuilder()
            .connectTimeout(PROBE_TIMEOUT)
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private final ServiceSpec spec;
    private final Path log;
    private final Process process;

    private ServiceProcess(ServiceSpec spec, Path log, Process process) {
        this.spec = spec;
        this.log = log;
        this.process = process;
    }

    /**
     * Starts it with a log of its own; that of the run before is kept beside it.
     *
     * <p>Ctrl-C in a terminal reaches every process of the foreground group at once. The children ignore it, so that it is the launcher
     * alone that stops them, in order.
     */
    static ServiceProcess start(ServiceSpec spec, Path log) {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", spec.name()));
        command.addAll(spec.command());
        try {
            if (Files.exists(log)) {
                Files.move(log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
            }
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(spec.environment());
            return new ServiceProcess(spec, log, builder.start());
        } catch (IOException e) {
            throw new StackFailure("cannot start the " + spec.name() + ": " + e.getMessage(), e);
        }
    }

    String name() {
        return spec.name();
    }

    Path log() {
        return log;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    CompletableFuture<ServiceProcess> onExit() {
        return process.onExit().thenApply(ended -> this);
    }

    boolean isReady() {
        Readiness readiness = spec.readiness();
        if (readiness instanceof Readiness.Healthy healthy) {
            return answers(healthy.health());
        }
        return announced();
    }

    void terminate() {
        process.destroy();
    }

    /** Waits for the end, and forces it when the time is up. */
    void awaitEnd(Duration timeout) throws InterruptedException {
        if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    /** What to tell the user when it has died. */
    String obituary() {
        return "the " + name() + " died with exit code " + process.exitValue() + "; its log " + log + " ends with:\n"
                + String.join("\n", lastLines());
    }

    List<String> lastLines() {
        Deque<String> last = new ArrayDeque<>();
        try (BufferedReader lines = Files.newBufferedReader(log, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last.addLast("  | " + line);
                if (last.size() > LOG_LINES) {
                    last.removeFirst();
                }
            }
        } catch (IOException e) {
            last.addLast("  | (the log cannot be read: " + e.getMessage() + ")");
        }
        return List.copyOf(last);
    }

    private boolean announced() {
        try (InputStream head = Files.newInputStream(log)) {
            // The announcement comes early; a log that has grown long is not read again and again.
            String text = new String(head.readNBytes(1 << 16), StandardCharsets.UTF_8);
            return text.lines().anyMatch(line -> line.startsWith("READY"));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean answers(URI health) {
        HttpRequest request =
                HttpRequest.newBuilder(health).timeout(PROBE_TIMEOUT).build();
        try {
            return PROBES.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
