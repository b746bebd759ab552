package io.infinito.tokenize;

import io.infinito.embedded.EmbeddedProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A broker for the tests of this module, and a free port for gRPC. */
public class KafkaBroker implements QuarkusTestResourceLifecycleManager {
    private EmbeddedProcess broker;

    @Override
    public Map<String, String> start() {
        try (ServerSocket free = new ServerSocket(0)) {
            broker = EmbeddedProcess.broker(Files.createTempDirectory(Path.of("target"), "broker"), 0);
            return Map.of(
                    "kafka.bootstrap.servers",
                    broker.address(),
                    "infinito.topics.prefix",
                    "test.",
                    "quarkus.grpc.server.test-port",
                    String.valueOf(free.getLocalPort()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        if (broker != null) {
            broker.close();
        }
    }
}
