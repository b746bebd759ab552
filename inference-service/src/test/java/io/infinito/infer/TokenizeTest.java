package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.infinito.inference.v1.TokenizeRequest;
import io.infinito.inference.v1.TokenizeResponse;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts as ids and pieces. */
@QuarkusTest
@WithTestResource(Backends.class)
class TokenizeTest extends ServedTinyModel {
    @Test
    void tokenizeGivesIdsAndPieces() {
        TokenizeResponse response =
                inference.tokenize(TokenizeRequest.newBuilder().setText("Grüße").build());
        assertThat(response.getCount()).isEqualTo(7).isEqualTo(response.getIdsCount());
        assertThat(ByteString.copyFrom(response.getPiecesList()).toStringUtf8()).isEqualTo("Grüße");
        assertThat(response.getTokenizerSha256()).hasSize(64);
        assertThat(response.getModel()).isEqualTo(version(served, 1));
        TokenizeRequest named = TokenizeRequest.newBuilder()
                .setText("Grüße")
                .setModel("default@" + served.version())
                .build();
        assertThat(inference.tokenize(named)).isEqualTo(response);
    }

    static Stream<Arguments> refused() {
        TokenizeRequest.Builder text = TokenizeRequest.newBuilder().setText("x");
        return Stream.of(
                arguments("INVALID_ARGUMENT", "text is empty", TokenizeRequest.newBuilder()),
                arguments(
                        "INVALID_ARGUMENT",
                        "text has a NUL character at 1",
                        text.clone().setText("x\0")),
                arguments(
                        "INVALID_ARGUMENT",
                        "text has 10000000 characters, at most 1000000",
                        text.clone().setText("x".repeat(10_000_000))),
                arguments(
                        "INVALID_ARGUMENT",
                        "model has a NUL character at 0",
                        text.clone().setModel("\0")),
                arguments(
                        "INVALID_ARGUMENT",
                        "model has 257 characters",
                        text.clone().setModel("x".repeat(257))),
                arguments(
                        "NOT_FOUND",
                        "model=other is not served here",
                        text.clone().setModel("other")));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource
    void refused(Status.Code code, String refusal, TokenizeRequest.Builder request) {
        assertStatus(code, refusal, () -> inference.tokenize(request.build()));
    }
}
