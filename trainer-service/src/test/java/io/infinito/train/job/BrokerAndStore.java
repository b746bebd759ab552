package io.infinito.train.job;

import io.infinito.embedded.EmbeddedProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A broker and an S3 server for the tests of this module. */
public class BrokerAndStore implements QuarkusTestResourceLifecycleManager {
    private EmbeddedProcess broker;
    private EmbeddedProcess s3;

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Path.of("target"), "trainer");
            broker = EmbeddedProcess.broker(folder.resolve("broker"), 0);
            s3 = EmbeddedProcess.s3(folder.resolve("s3"), 0, "infinito", "infinito-secret");
            return Map.of(
                    "kafka.bootstrap.servers",
                    broker.address(),
                    "infinito.topics.prefix",
                    "test.",
                    "infinito.storage.endpoint",
                    s3.address(),
                    "infinito.trainer.work-folder",
                    folder.resolve("work").toString(),
                    "infinito.trainer.takeover-after",
                    "1s",
                    "infinito.trainer.status-interval",
                    "100ms");
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
