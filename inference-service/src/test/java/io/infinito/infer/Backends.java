package io.infinito.infer;

import io.infinito.embedded.EmbeddedProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A broker and an S3 server for the tests of the whole service, and a free port for gRPC. */
public class Backends implements QuarkusTestResourceLifecycleManager {
    private EmbeddedProcess broker;
    private EmbeddedProcess s3;

    @Override
    public Map<String, String> start() {
        try (ServerSocket free = new ServerSocket(0)) {
            Path target = Path.of("target");
            broker = EmbeddedProcess.broker(Files.createTempDirectory(target, "broker"), 0);
            s3 = EmbeddedProcess.s3(Files.createTempDirectory(target, "s3"), 0, "key", "secret");
            return Map.of(
                    "kafka.bootstrap.servers",
                    broker.address(),
                    "infinito.topics.prefix",
                    "infer.",
                    "infinito.storage.endpoint",
                    s3.address(),
                    "infinito.storage.access-key",
                    "key",
                    "infinito.storage.secret-key",
                    "secret",
                    "infinito.inference.cache-directory",
                    Files.createTempDirectory(target, "cache").toString(),
                    // Whatever is found here is found by an event.
                    "infinito.inference.poll-interval",
                    "1h",
                    "infinito.inference.max-new-tokens",
                    "1000000",
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
        if (s3 != null) {
            s3.close();
        }
    }
}
