package io.infinito.ingest;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.infinito.embedded.EmbeddedProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A broker, an S3 server and a little HuggingFace hub for the tests of this module. */
public class TestServers implements QuarkusTestResourceLifecycleManager {
    private static final String TOKEN = "hub-token";
    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private EmbeddedProcess broker;
    private EmbeddedProcess s3;
    private HttpServer hub;

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Path.of("target"), "servers");
            broker = EmbeddedProcess.broker(folder.resolve("broker"), 0);
            s3 = EmbeddedProcess.s3(folder.resolve("s3"), 0, "test-key", "test-secret");
            hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            hub.createContext("/", this::answer);
            hub.start();
            return Map.of(
                    "kafka.bootstrap.servers",
                    broker.address(),
                    "infinito.topics.prefix",
                    "test.",
                    "infinito.storage.endpoint",
                    s3.address(),
                    "infinito.storage.access-key",
                    "test-key",
                    "infinito.storage.secret-key",
                    "test-secret",
                    "infinito.dataset.shard-timeout",
                    "PT30S",
                    "infinito.dataset.hub.base-url",
                    "http://localhost:" + hub.getAddress().getPort(),
                    "infinito.dataset.hub.token",
                    TOKEN);
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
            hub.stop(0);
        }
    }

    /** Files are redirected to another host name, as the hub does; that one must not see the token. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            if (path.startsWith("/store/")) {
                try (InputStream file =
                        TestServers.class.getResourceAsStream("/hub/" + path.substring("/store/".length()))) {
                    boolean found = file != null && authorization == null;
                    send(exchange, found ? 200 : 400, found ? file.readAllBytes() : new byte[0]);
                }
            } else if (!("Bearer " + TOKEN).equals(authorization)) {
                send(exchange, 401, new byte[0]);
            } else if (path.equals("/api/datasets/test/rows/revision/main")) {
                String answer = """
                        {"sha":"%s","siblings":[{"rfilename":"README.md"},
                        {"rfilename":"plain/test-00000-of-00001.parquet"},{"rfilename":"plain/train-00001-of-00002.parquet"},
                        {"rfilename":"plain/train-00000-of-00002.parquet"},{"rfilename":"plain/validation-00000-of-00001.parquet"},
                        {"rfilename":"other/train-00000-of-00001.parquet"}]}
                        """.formatted(COMMIT);
                send(exchange, 200, answer.getBytes(StandardCharsets.UTF_8));
            } else if (path.startsWith("/datasets/test/rows/resolve/" + COMMIT + "/plain/")) {
                exchange.getResponseHeaders()
                        .add(
                                "Location",
                                "http://127.0.0.1:" + hub.getAddress().getPort() + "/store/"
                                        + path.substring(path.lastIndexOf('/') + 1));
                send(exchange, 302, new byte[0]);
            } else {
                send(exchange, 404, new byte[0]);
            }
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
