package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.infinito.inference.v1.TokenizeRequest;
import io.infinito.inference.v1.TokenizeResponse;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

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
        assertThat(response.getModel()).isEqualTo(version(served, 1));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "text has 10000000 characters, at most 1000000",
                () -> inference.tokenize(TokenizeRequest.newBuilder()
                        .setText("x".repeat(10_000_000))
                        .build()));
    }
}
