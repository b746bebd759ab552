package io.infinito.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.infinito.standalone.stack.FreePorts;
import io.infinito.standalone.stack.Port;
import io.infinito.standalone.stack.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with the jars of all services: trains, serves, stops, and serves again what was kept. */
class PipelineIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Too small to learn much, and quick. */
    private static final String REQUEST = """
            {"jobId": "pipeline", "dataset": {"source": "%s"},
             "model": {"layers": 2, "hidden": 32, "heads": 2, "context": 32},
             "training": {"epochs": 2, "batchSize": 4, "seed": 1}}
            """;

    @TempDir
    Path dir;

    private final Ports ports = FreePorts.find();

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aTextBecomesAModelThatIsServedNowAndAfterARestart() throws Exception {
        Path text = writeText();
        Path request = Files.writeString(dir.resolve("request.json"), REQUEST.formatted("file:" + text));

        List<JsonNode> lines = json(run(
                0,
                "quickstart",
                "--exit",
                "--json",
                "--request",
                request.toString(),
                "--prompt",
                "The cat",
                dataOption()));

        assertThat(lines.get(0).path("up").path("kafka").asText()).isEqualTo(ports.address(Port.BROKER));
        assertThat(texts(lines, "/status/phase")).endsWith("COMPLETED");
        assertThat(texts(lines, "/epoch/epoch")).containsExactly("1", "2");
        assertThat(texts(lines, "/epoch/validationLoss"))
                .allSatisfy(loss -> assertThat(Double.parseDouble(loss)).isBetween(0.1, 12.0));
        assertThat(lines.get(lines.size() - 1).path("finishReason").asText()).isIn("LENGTH", "EOS");
        ports.requireFree();

        List<String> up = new ArrayList<>();
        Process stack = launcher(dir.resolve("stderr"), "up", dataOption());
        try (BufferedReader output = stack.inputReader()) {
            readUntil(output, up, line -> line.startsWith("Everything is up"));
            assertThat(up).anyMatch(line -> line.contains("http://" + ports.address(Port.TRAINER_HTTP)));

            assertThat(texts(json(run(0, "jobs", "--json")), "/jobId")).containsExactly("pipeline");
            assertThat(texts(json(run(0, "watch", "pipeline", "--json")), "/epoch/epoch"))
                    .containsExactly("1", "2");
            assertThat(run(0, "train", "--wait", "--request", request.toString()))
                    .as("the same request again is the same job")
                    .anyMatch(line -> line.startsWith("completed"));
            assertThat(run(2, "train", "--epochs", "two")).anyMatch(line -> line.contains("--epochs"));
            exportAndCheck();
            generateAndCheck();
            pinAndCheck();
            refusesASecondInstallation();

            stack.destroy();
            assertThat(stack.waitFor(2, TimeUnit.MINUTES)).isTrue();
        } finally {
            stack.destroyForcibly();
        }
        ports.requireFree();
    }

    @Test
    void aTakenPortStopsTheStartInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(ports.of(Port.S3), 1, InetAddress.getLoopbackAddress())) {
            assertThat(run(1, "up", dataOption()))
                    .containsExactly("infinito: port " + taken.getLocalPort()
                            + " (s3) is taken: stop what listens there, or choose others with --port-offset N");
        }
    }

    private void exportAndCheck() throws Exception {
        Path exported = dir.resolve("exported");
        run(0, "export", "default", exported.toString());
        assertThat(exported.resolve("model.safetensors")).isNotEmptyFile();
        assertThat(JSON.readTree(exported.resolve("config.json").toFile())
                        .path("n_embd")
                        .asInt())
                .isEqualTo(32);
        assertThat(exported.resolve("tokenizer.json")).isNotEmptyFile();
    }

    private void generateAndCheck() throws Exception {
        List<String> first = run(0, "generate", "The cat", "--max-tokens=12", "--seed=7");
        assertThat(String.join("\n", first)).startsWith("The cat").hasSizeGreaterThan("The cat".length());
        assertThat(run(0, "generate", "The cat", "--max-tokens=12", "--seed=7")).isEqualTo(first);
        assertThat(run(1, "generate", "The cat", "--temperature=-1"))
                .singleElement()
                .asString()
                .contains("INVALID_ARGUMENT")
                .contains("temperature");
    }

    private void pinAndCheck() throws Exception {
        String version = json(run(0, "model", "list", "--json"))
                .get(0)
                .path("best")
                .path("version")
                .asText();
        assertThat(run(0, "model", "pin", version, "--wait"))
                .containsExactly(
                        "Model default is pinned to " + version
                                + ". 'infinito model unpin' lets it follow the best again.",
                        "It is served.");
        assertThat(run(0, "model", "show"))
                .anyMatch(line -> line.startsWith("best      " + version + ", validation loss "))
                .anyMatch(line -> line.startsWith("pinned to " + version + ", since "))
                .anyMatch(line -> line.startsWith("served    " + version + ", loaded "));
        assertThat(run(1, "model", "rollback"))
                .singleElement()
                .asString()
                .contains("is pinned to " + version + " already");
        assertThat(run(0, "model", "unpin"))
                .containsExactly("Model default is not pinned any more: its best version is " + version + ".");
    }

    private void refusesASecondInstallation() throws Exception {
        assertThat(run(1, "up", dataOption()))
                .singleElement()
                .asString()
                .startsWith(
                        "infinito: the data directory " + dir.resolve("data") + " belongs to a running installation");
    }

    private Path writeText() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            text.append("The cat number ").append(i).append(" sat on the mat and looked at the moon.\n");
        }
        return Files.writeString(dir.resolve("text.txt"), text);
    }

    private String dataOption() {
        return "--data=" + dir.resolve("data");
    }

    private Process launcher(Path errors, String... args) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("infinito.home"), "infinito").toString()));
        command.addAll(List.of(args));
        command.add("--port-offset=" + ports.offset());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("INFINITO_BUILD", "never");
        return builder.start();
    }

    /** Runs the launcher to its end; what it wrote, standard error behind standard output. */
    private List<String> run(int expectedCode, String... args) throws Exception {
        Path stderr = Files.createTempFile(dir, "stderr", ".txt");
        Process process = launcher(stderr, args);
        List<String> lines = new ArrayList<>();
        readUntil(process.inputReader(), lines, line -> false);
        int code = process.waitFor();
        List<String> errors = Files.readAllLines(stderr);
        assertThat(code)
                .as(
                        "exit code of %s, which wrote%n%s%n%s",
                        List.of(args), String.join("\n", lines), String.join("\n", errors))
                .isEqualTo(expectedCode);
        if (expectedCode != 0) {
            lines.addAll(errors);
        }
        return lines;
    }

    private static void readUntil(BufferedReader output, List<String> lines, Predicate<String> last)
            throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            if (last.test(line)) {
                return;
            }
        }
    }

    private static List<JsonNode> json(List<String> lines) throws IOException {
        List<JsonNode> nodes = new ArrayList<>();
        for (String line : lines) {
            nodes.add(JSON.readTree(line));
        }
        return nodes;
    }

    private static List<String> texts(List<JsonNode> nodes, String pointer) {
        return nodes.stream()
                .map(node -> node.at(pointer))
                .filter(node -> !node.isMissingNode())
                .map(JsonNode::asText)
                .toList();
    }
}
