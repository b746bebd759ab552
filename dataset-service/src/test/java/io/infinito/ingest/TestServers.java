package io.infinito.ingest;

import io.infinito.embedded.EmbeddedProcess;
import io.infinito.ingest.source.FileServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A broker, an S3 server and a little HuggingFace hub for the tests of this module. */
public class TestServers implements QuarkusTestResourceLifecycleManager {
    private static final String TOKEN = "hub-token";
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private EmbeddedProcess broker;
    private EmbeddedProcess s3;
    private FileServer hub;

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Path.of("target"), "servers");
            broker = EmbeddedProcess.broker(folder.resolve("broker"), 0);
            s3 = EmbeddedProcess.s3(folder.resolve("s3"), 0, "test-key", "test-secret");
            hub = hub();
            return Map.ofEntries(
                    Map.entry("kafka.bootstrap.servers", broker.address()),
                    Map.entry("infinito.topics.prefix", "test."),
                    Map.entry("infinito.storage.endpoint", s3.address()),
                    Map.entry("infinito.storage.access-key", "test-key"),
                    Map.entry("infinito.storage.secret-key", "test-secret"),
                    Map.entry(
                            "infinito.dataset.cache-folder",
                            folder.resolve("cache").toString()),
                    Map.entry("infinito.dataset.shard-timeout", "PT30S"),
                    // Reading a source may take longer than Kafka waits for a consumer that does not poll.
                    Map.entry("mp.messaging.incoming.requests-in.max.poll.interval.ms", "4000"),
                    Map.entry("infinito.dataset.shard-tokens", "8192"),
                    Map.entry("infinito.dataset.max-pieces-in-flight", "6"),
                    Map.entry("infinito.dataset.claim-timeout", "PT3S"),
                    Map.entry("infinito.dataset.progress-interval", "PT0.3S"),
                    Map.entry("infinito.dataset.hub.base-url", hub.address()),
                    Map.entry("infinito.dataset.hub.token", TOKEN));
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
        if (hub != null) {
            hub.close();
        }
    }

    /** Files are redirected to another host name, as the hub does; that one must not see the token. */
    private static FileServer hub() throws IOException {
        FileServer server = new FileServer();
        server.requireToken(TOKEN);
        List<String> files = List.of(
                "test-00000-of-00001.parquet",
                "train-00001-of-00002.parquet",
                "train-00000-of-00002.parquet",
                "validation-00000-of-00001.parquet");
        for (String file : files) {
            String path = "/datasets/test/rows/resolve/" + COMMIT + "/plain/" + file;
            server.redirect(path, server.otherAddress() + "/store/" + file, Map.of());
            server.file(
                    "/store/" + file, Files.readAllBytes(Path.of("src/test/resources/hub", file)), '"' + file + '"');
        }
        String siblings = files.stream()
                .map(file -> "{\"rfilename\":\"plain/" + file + "\"}")
                .collect(Collectors.joining(","));
        return server.text(
                "/api/datasets/test/rows/revision/main",
                "{\"sha\":\"" + COMMIT + "\",\"siblings\":[{\"rfilename\":\"README.md\"}," + siblings + "]}");
    }
}
