package io.infinito.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.infinito.tokenizer.v1.CountRequest;
import io.infinito.tokenizer.v1.DecodeRequest;
import io.infinito.tokenizer.v1.EncodeRequest;
import io.infinito.tokenizer.v1.EncodeResponse;
import io.infinito.tokenizer.v1.TokenizerServiceGrpc;
import io.infinito.tokenizer.v1.TokenizerServiceGrpc.TokenizerServiceBlockingStub;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(KafkaBroker.class)
class TokenizerGrpcTest {
    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int port;

    private ManagedChannel channel;
    private TokenizerServiceBlockingStub tokenizer;

    @BeforeEach
    void connect() {
        channel = ManagedChannelBuilder.forAddress("localhost", port)
                .usePlaintext()
                .build();
        tokenizer = TokenizerServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void disconnect() {
        channel.shutdownNow();
    }

    @Test
    void encodesDecodesAndCounts() {
        EncodeResponse encoded = tokenizer.encode(
                EncodeRequest.newBuilder().setText("The quick brown fox").build());
        assertThat(encoded.getIdsList()).containsExactly(464, 2068, 7586, 21831);
        assertThat(tokenizer
                        .decode(DecodeRequest.newBuilder()
                                .addAllIds(encoded.getIdsList())
                                .build())
                        .getText())
                .isEqualTo("The quick brown fox");
        assertThat(tokenizer
                        .count(CountRequest.newBuilder()
                                .setText("The quick brown fox")
                                .build())
                        .getTokens())
                .isEqualTo(4);
    }

    @Test
    void refusesByFieldWithInvalidArgument() {
        refuses(() -> tokenizer.decode(DecodeRequest.newBuilder().addIds(50_257).build()), "ids: 50257");
        refuses(
                () -> tokenizer.encode(
                        EncodeRequest.newBuilder().setTokenizer("gpt3").build()),
                "tokenizer: \"gpt3\"");
        refuses(
                () -> tokenizer.count(
                        CountRequest.newBuilder().setText("a".repeat(1_000_001)).build()),
                "text: 1000001 characters");
    }

    private static void refuses(ThrowingCallable call, String sentence) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(e.getStatus().getDescription()).contains(sentence);
        });
    }
}
