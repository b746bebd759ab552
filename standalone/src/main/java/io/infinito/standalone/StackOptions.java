package io.infinito.standalone;

import io.infinito.standalone.stack.DataDirectory;
import io.infinito.standalone.stack.Port;
import io.infinito.standalone.stack.Ports;
import io.infinito.standalone.stack.ServiceSpec;
import io.infinito.standalone.stack.Stack;
import io.infinito.standalone.stack.StackPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Which installation to start on this machine. */
final class StackOptions {
    @Option(
            names = "--port-offset",
            paramLabel = "N",
            defaultValue = "${env:INFINITO_PORT_OFFSET:-0}",
            description = "Added to every port, for a second installation beside the first. Default: ${DEFAULT-VALUE}.")
    private int portOffset;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "${env:INFINITO_HOME:-.infinito}",
            description = "Where topics, objects and logs are kept (INFINITO_HOME). Default: ${DEFAULT-VALUE}.")
    private Path data;

    Ports ports() {
        return new Ports(portOffset);
    }

    /** What a client command must be given to find this installation. */
    String clientOptions() {
        return portOffset == 0 ? "" : " --port-offset " + portOffset;
    }

    /** Starts everything; the stack ends at the latest with this process. */
    Stack start(OutputOptions output) throws InterruptedException {
        Terminal terminal = output.terminal();
        long begin = System.nanoTime();
        Ports ports = ports();
        DataDirectory directory = DataDirectory.open(data);
        Stack stack;
        try {
            ports.requireFree();
            stack = new Stack(directory);
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
        Thread hook = new Thread(
                () -> {
                    terminal.say("Stopping.");
                    stack.close();
                },
                "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            List<List<ServiceSpec>> plan = new StackPlan(home(), directory, ports).groups();
            terminal.say("Starting broker, object store and services; logs in " + directory.root() + "/logs");
            stack.start(
                    plan,
                    name -> terminal.say(String.format(
                            Locale.ROOT, "  %-10s ready after %4.1f s", name, (System.nanoTime() - begin) / 1e9)));
            announce(output, plan, ports);
            return stack;
        } catch (RuntimeException | InterruptedException e) {
            stack.close();
            throw e;
        }
    }

    private static void announce(OutputOptions output, List<List<ServiceSpec>> plan, Ports ports) {
        if (output.json()) {
            Map<String, String> addresses = new TreeMap<>(Map.of(
                    "kafka", ports.address(Port.BROKER),
                    "s3", ports.url(Port.S3),
                    "tokenizer", ports.url(Port.TOKENIZER_HTTP),
                    "tokenizerGrpc", ports.address(Port.TOKENIZER_GRPC),
                    "dataset", ports.url(Port.DATASET_HTTP),
                    "trainer", ports.url(Port.TRAINER_HTTP),
                    "inference", ports.url(Port.INFERENCE_HTTP),
                    "inferenceGrpc", ports.address(Port.INFERENCE_GRPC)));
            String fields = addresses.entrySet().stream()
                    .map(e -> "\"" + e.getKey() + "\":\"" + e.getValue() + "\"")
                    .collect(Collectors.joining(","));
            output.terminal().result("{\"up\":{" + fields + "}}");
            return;
        }
        Terminal terminal = output.terminal();
        terminal.say("");
        plan.stream()
                .flatMap(List::stream)
                .map(spec -> "  %-10s %s".formatted(spec.name(), String.join("   ", spec.addresses())))
                .forEach(terminal::say);
        terminal.say("");
    }

    /** The root of the built tree. */
    static Path home() {
        String home = System.getProperty("infinito.home");
        if (home == null) {
            throw new CommandFailure("system property infinito.home is missing: start this program with ./infinito");
        }
        return Path.of(home);
    }
}
