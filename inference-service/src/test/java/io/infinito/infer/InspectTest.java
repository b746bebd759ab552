package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.grpc.Status;
import io.infinito.inference.v1.InspectRequest;
import io.infinito.inference.v1.InspectResponse;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

/** What the network sees in a text. */
@QuarkusTest
@WithTestResource(Backends.class)
class InspectTest extends ServedTinyModel {
    @Test
    void inspectShowsLossesAndWhereHeadsLook() {
        InspectRequest.Builder request =
                InspectRequest.newBuilder().setText("Hello").setAttention(true).setTop(3);
        InspectResponse response = inference.inspect(request.build());
        assertThat(response.getTokensList()).hasSize(5);
        assertThat(response.getLossesList())
                .hasSize(4)
                .allSatisfy(loss -> assertThat(loss).isPositive());
        assertThat(response.getMeanLoss())
                .isCloseTo(
                        response.getLossesList().stream()
                                .mapToDouble(loss -> loss)
                                .average()
                                .orElseThrow(),
                        within(1e-6));
        assertThat(response.getTokens(1).getTopList()).hasSize(3);
        assertThat(response.getAttentionList()).hasSize(1);
        assertThat(response.getAttention(0).getHeadsList())
                .hasSize(2)
                .allSatisfy(head -> assertThat(head.getWeightsList()).hasSize(25));
        // One token has no loss.
        assertThat(inference
                        .inspect(InspectRequest.newBuilder().setText("x").build())
                        .getLossesList())
                .isEmpty();
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "text has 33 tokens, at most 32 fit",
                () -> inference.inspect(request.setText("x".repeat(33)).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "layers: 1 must be from 0 to 0",
                () -> inference.inspect(request.setText("x").addLayers(1).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "layers has 2 entries, at most 1 are allowed",
                () -> inference.inspect(request.setText("x").addLayers(0).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "top=21 must be from 0 to 20",
                () -> inference.inspect(request.setTop(21).build()));
    }
}
