package io.infinito.standalone.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.ModelVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InferenceClientTest {
    private final ParrotService parrot = new ParrotService();
    private Server server;
    private InferenceClient client;

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(parrot)
                .build()
                .start();
        client = new InferenceClient("127.0.0.1:" + server.getPort());
    }

    @AfterEach
    void stop() {
        client.close();
        server.shutdownNow();
    }

    @Test
    void chunksArriveInOrder() {
        StringBuilder text = new StringBuilder();
        client.generate(
                GenerateRequest.newBuilder().setText("a b c").build(),
                chunk -> text.append(chunk.getText()).append('|'));
        assertThat(text).hasToString("a|b|c|");
    }

    @Test
    void aRefusalKeepsTheServicesSentence() {
        assertThatThrownBy(() -> client.generate(GenerateRequest.getDefaultInstance(), chunk -> {}))
                .isInstanceOf(ServingFailure.class)
                .hasMessageContaining("INVALID_ARGUMENT: prompt is empty");
    }

    @Test
    void noModelYetIsNoFailure() {
        assertThat(client.model()).isEmpty();
        assertThat(client.description()).map(GetModelResponse::getObstacle).hasValue("nothing was trained yet");
        parrot.version = "job/step-00000010";
        assertThat(client.model()).map(model -> model.getModel().getVersion()).hasValue("job/step-00000010");
    }

    @Test
    void nobodyThereIsSaidWithTheAddress() {
        try (InferenceClient lonely = new InferenceClient("127.0.0.1:1")) {
            assertThat(lonely.model()).isEmpty();
            assertThatThrownBy(() -> lonely.generate(GenerateRequest.getDefaultInstance(), chunk -> {}))
                    .isInstanceOf(ServingFailure.class)
                    .hasMessageContaining("cannot reach the inference service at 127.0.0.1:1");
        }
    }

    /** Says the prompt again, word by word. */
    private static final class ParrotService extends InferenceServiceGrpc.InferenceServiceImplBase {
        private volatile String version = "";

        @Override
        public void generateStream(GenerateRequest request, StreamObserver<GenerateChunk> answer) {
            if (request.getText().isEmpty()) {
                answer.onError(Status.INVALID_ARGUMENT
                        .withDescription("prompt is empty")
                        .asException());
                return;
            }
            for (String word : request.getText().split(" ", -1)) {
                answer.onNext(GenerateChunk.newBuilder().setText(word).build());
            }
            answer.onCompleted();
        }

        @Override
        public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> answer) {
            answer.onNext(GetModelResponse.newBuilder()
                    .setModel(ModelVersion.newBuilder().setVersion(version))
                    .setObstacle(version.isEmpty() ? "nothing was trained yet" : "")
                    .build());
            answer.onCompleted();
        }
    }
}
