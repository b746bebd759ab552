package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackTest {
    @TempDir
    Path dir;

    private Path events;
    private Stack stack;

    @BeforeEach
    void open() {
        events = dir.resolve("events");
        stack = new Stack(DataDirectory.open(dir.resolve("data")));
    }

    @AfterEach
    void close() {
        stack.close();
    }

    @Test
    void groupsStartInOrderAndStopInReverse() throws Exception {
        List<String> ready = new ArrayList<>();
        stack.start(List.of(List.of(server("first")), List.of(server("second"))), ready::add);
        assertThat(ready).containsExactly("first", "second");
        assertThat(stack.death()).isEmpty();

        stack.close();
        stack.close();

        assertThat(Files.readAllLines(events))
                .containsExactly("first starts", "second starts", "second stops", "first stops");
        // The directory is free again.
        DataDirectory.open(dir.resolve("data")).close();
    }

    @Test
    void aDeathIsToldWithItsCodeAndLastLines() throws Exception {
        ServiceSpec mortal = shell("mortal", "echo READY here; exec sleep 1000");
        ServiceSpec killer = server("killer");
        stack.start(List.of(List.of(mortal, killer)), name -> {});
        sleeper().destroy();
        String death = stack.awaitDeath();
        assertThat(death)
                .startsWith("the mortal died with exit code 143; its log " + dir.resolve("data/logs/mortal.log"))
                .contains("  | READY here");
    }

    @Test
    void aProcessThatDiesAtItsStartFailsTheStart() {
        ServiceSpec broken = shell("broken", "echo no such configuration; exit 3");
        assertThatThrownBy(() -> stack.start(List.of(List.of(broken)), name -> {}))
                .isInstanceOf(StackFailure.class)
                .hasMessageContaining("the broken died with exit code 3")
                .hasMessageContaining("  | no such configuration");
        assertThat(stack.death()).isPresent();
    }

    @Test
    void healthIsAskedOverHttp() throws Exception {
        HttpServer health = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        int[] asked = {0};
        health.createContext("/q/health/ready", exchange -> {
            exchange.sendResponseHeaders(++asked[0] < 3 ? 503 : 200, -1);
            exchange.close();
        });
        health.start();
        URI uri = URI.create("http://127.0.0.1:" + health.getAddress().getPort() + "/q/health/ready");
        ServiceSpec slow =
                new ServiceSpec("slow", List.of("sleep", "1000"), Map.of(), new Readiness.Healthy(uri), List.of());
        try {
            stack.start(List.of(List.of(slow)), name -> {});
            assertThat(asked[0]).isEqualTo(3);
        } finally {
            health.stop(0);
        }
    }

    @Test
    void ctrlCDoesNotReachTheChildren() throws Exception {
        stack.start(List.of(List.of(shell("child", "echo READY; exec sleep 1000"))), name -> {});
        ProcessHandle child = sleeper();
        assertThat(new ProcessBuilder("kill", "-INT", String.valueOf(child.pid()))
                        .start()
                        .waitFor())
                .isZero();
        assertThat(new ProcessBuilder("kill", "-HUP", String.valueOf(child.pid()))
                        .start()
                        .waitFor())
                .isZero();
        await().during(Duration.ofMillis(500)).atMost(Duration.ofSeconds(5)).until(child::isAlive);
    }

    @Test
    void theLogOfTheRunBeforeIsKept() throws Exception {
        stack.start(List.of(List.of(shell("child", "echo READY once; exec sleep 1000"))), name -> {});
        stack.close();
        try (Stack again = new Stack(DataDirectory.open(dir.resolve("data")))) {
            again.start(List.of(List.of(shell("child", "echo READY twice; exec sleep 1000"))), name -> {});
            assertThat(dir.resolve("data/logs/child.log")).hasContent("READY twice\n");
            assertThat(dir.resolve("data/logs/child.log.1")).hasContent("READY once\n");
        }
    }

    @Test
    void noChildOutlivesALauncherThatWasKilled() throws Exception {
        stack.close();
        Process launcher = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Launcher.class.getName(),
                        dir.resolve("killed").toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Optional<ProcessHandle> child =
                ProcessHandle.of(Long.parseLong(launcher.inputReader().readLine()));
        assertThat(child).isPresent();

        launcher.destroyForcibly();

        assertThat(launcher.waitFor(10, TimeUnit.SECONDS)).isTrue();
        await().atMost(Duration.ofSeconds(15)).until(() -> !child.get().isAlive());
    }

    /** Starts a stack of one child, prints the child's process id, and waits to be killed. */
    static final class Launcher {
        private Launcher() {}

        public static void main(String[] args) throws Exception {
            try (Stack stack = new Stack(DataDirectory.open(Path.of(args[0])))) {
                stack.start(List.of(List.of(shell("child", "echo READY; exec sleep 1000"))), name -> {});
                System.out.println(sleeper().pid());
                stack.awaitDeath();
            }
        }
    }

    private ServiceSpec server(String name) {
        String script = "trap 'echo " + name + " stops >> " + events + "; exit 0' TERM; echo " + name + " starts >> "
                + events + "; echo READY; while :; do sleep 0.05; done";
        return shell(name, script);
    }

    private static ServiceSpec shell(String name, String script) {
        return new ServiceSpec(name, List.of("/bin/sh", "-c", script), Map.of(), new Readiness.Announced(), List.of());
    }

    /** The one child that became {@code sleep 1000}. */
    private static ProcessHandle sleeper() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info()
                        .arguments()
                        .map(arguments -> List.of(arguments).equals(List.of("1000")))
                        .orElse(false))
                .findFirst()
                .orElseThrow();
    }
}
