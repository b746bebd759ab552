package io.infinito.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedProcessTest {
    @TempDir
    Path dir;

    @Test
    void aBrokerKeepsItsTopicsAndItsClusterOverARestart() throws Exception {
        String clusterId;
        try (EmbeddedProcess broker = EmbeddedProcess.broker(dir, 0);
                Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic("kept", 3, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            clusterId = admin.describeCluster().clusterId().get(30, TimeUnit.SECONDS);
        }
        try (EmbeddedProcess broker = EmbeddedProcess.broker(dir, 0);
                Admin admin = admin(broker)) {
            assertThat(admin.listTopics().names().get(30, TimeUnit.SECONDS)).contains("kept");
            assertThat(admin.describeCluster().clusterId().get(30, TimeUnit.SECONDS))
                    .isEqualTo(clusterId);
        }
    }

    @Test
    void anS3ServerAnswersAndRefusesStrangers() throws Exception {
        try (EmbeddedProcess s3 = EmbeddedProcess.s3(dir, 0, "key", "secret-of-the-test")) {
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(s3.address())).build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).contains("AccessDenied");
        }
    }

    @Test
    void aTakenPortIsNamedInOneLine() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedProcess.s3(dir, taken.getLocalPort(), "key", "secret-of-the-test"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageEndingWith("the embedded S3 server cannot start: port " + taken.getLocalPort()
                            + " is taken: stop what listens there, or give the S3 server another port");
        }
    }

    @Test
    void aServerEndsWhenItsStandardInputEnds() throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(EmbeddedProcess.s3Command(dir, 0)).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putAll(EmbeddedProcess.s3Environment("key", "secret-of-the-test"));
        Process server = builder.start();
        try {
            assertThat(server.inputReader().readLine()).startsWith("READY http://127.0.0.1:");
            server.getOutputStream().close();
            assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(server.exitValue()).isZero();
        } finally {
            server.destroyForcibly();
        }
    }

    private static Admin admin(EmbeddedProcess broker) {
        return Admin.create(Map.<String, Object>of("bootstrap.servers", broker.address()));
    }
}
