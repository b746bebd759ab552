package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ClientCall;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** gRPC on the port of HTTP; and, since this configuration is the test's own, readers that are given little time. */
@QuarkusTest
@WithTestResource(Backends.class)
@TestProfile(SharedServerTest.OnePort.class)
class SharedServerTest extends CallsContract {
    /** One server for everything. */
    public static class OnePort implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.grpc.server.use-separate-server",
                    "false",
                    "infinito.inference.slow-reader-timeout",
                    "500ms");
        }
    }

    @TestHTTPResource
    URL address;

    @Override
    int port() {
        return address.getPort();
    }

    @Test
    void aReaderOfGrpcThatDoesNotReadIsDropped() {
        double before = slowReaders();
        ClientCall<GenerateRequest, GenerateChunk> call = unread();
        await().until(() -> slowReaders() > before);
        await().until(() -> active() == 0);
        call.cancel("enough", null);
    }

    @Test
    void aReaderOfEventsThatDoesNotReadIsDroppedWithItsConnection() throws IOException {
        double before = slowReaders();
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
            String body = """
                {"prompt":"x","max_tokens":1000000,"ignore_eos":true,"stream":true,"n":16,"logprobs":5,"user":"slow"}\
                """;
            socket.getOutputStream()
                    .write(("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> slowReaders() > before);
            await().until(() -> active() == 0);
            assertThat(endsWithoutDone(socket)).isTrue();
        }
    }

    /** Reads what the buffers of both sides held: no event says that the answer is whole. */
    private static boolean endsWithoutDone(Socket socket) throws IOException {
        byte[] part = new byte[1 << 16];
        String end = "";
        try {
            for (int n = socket.getInputStream().read(part);
                    n >= 0;
                    n = socket.getInputStream().read(part)) {
                end = new String(part, Math.max(0, n - 20), Math.min(n, 20), StandardCharsets.UTF_8);
            }
        } catch (SocketException e) {
            // Reset, which is an end too.
            return true;
        }
        return !end.contains("[DONE]");
    }

    private double slowReaders() {
        return meters.find("infinito.requests").tag("reason", "slow_reader").counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }
}
