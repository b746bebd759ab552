package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.grpc.Status;
import io.infinito.gpt.GptConfig;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.infer.model.TinyTokenizer;
import io.infinito.inference.v1.InspectRequest;
import io.infinito.inference.v1.InspectResponse;
import io.infinito.inference.v1.LayerAttention;
import io.infinito.inference.v1.TokenIds;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the network sees in a text. */
@QuarkusTest
@WithTestResource(Backends.class)
class InspectTest extends ServedTinyModel {
    @Test
    void inspectShowsLossesAndWhereHeadsLook() {
        InspectResponse response =
                inference.inspect(text("Hello").setAttention(true).setTop(3).build());
        assertThat(response.getModel()).isEqualTo(version(served, 1));
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
        assertThat(inference.inspect(text("x").build()).getLossesList()).isEmpty();
    }

    @Test
    void aTextIsItsTokensAndTheModelMayBeNamed() {
        InspectResponse ofText = inference.inspect(text("Hi").build());
        TokenIds ids = TokenIds.newBuilder().addIds('H').addIds('i').build();
        for (String name : List.of("best", "default", "default@" + served.version())) {
            InspectRequest request =
                    InspectRequest.newBuilder().setTokenIds(ids).setModel(name).build();
            assertThat(inference.inspect(request)).isEqualTo(ofText);
        }
        assertStatus(
                Status.Code.NOT_FOUND,
                "model=other is not served here",
                () -> inference.inspect(text("Hi").setModel("other").build()));
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments("prompt is missing; set text or token_ids", InspectRequest.newBuilder()),
                arguments("text is empty", text("")),
                arguments("text has a NUL character at 1", text("x\0")),
                arguments("text has 33 tokens, at most 32 fit", text("x".repeat(33))),
                arguments(
                        "text has 33 tokens, at most 32 fit",
                        text("x".repeat(33)).setAttention(true)),
                arguments("token_ids.ids is empty", ids(0)),
                arguments("token_ids has 33 tokens, at most 32 fit", ids(33)),
                arguments(
                        "token_ids.ids[0]=257 is not in the vocabulary",
                        InspectRequest.newBuilder()
                                .setTokenIds(TokenIds.newBuilder().addIds(257))),
                arguments("layers: 1 must be from 0 to 0", text("x").addLayers(1)),
                arguments("layers: -1 must be from 0 to 0", text("x").addLayers(-1)),
                arguments(
                        "layers has 2 entries, at most 1 are allowed",
                        text("x").addLayers(0).addLayers(0)),
                arguments(
                        "layers has 1000000 entries, at most 1 are allowed",
                        text("x").addAllLayers(Collections.nCopies(1_000_000, 0))),
                arguments("top=21 must be from 0 to 20", text("x").setTop(21)),
                arguments("top=-1 must be from 0 to 20", text("x").setTop(-1)),
                arguments("model has a NUL character at 7", text("x").setModel("default\0")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refused(String refusal, InspectRequest.Builder request) {
        assertStatus(Status.Code.INVALID_ARGUMENT, refusal, () -> inference.inspect(request.build()));
    }

    @Test
    void attentionIsShownForShortTextsAndTheLayersThatWereAskedFor() {
        GptConfig larger = new GptConfig(TinyTokenizer.VOCABULARY, 256, 2, 2, 16, true);
        serve(TinyCheckpoint.of("default", 4, larger, larger));
        InspectResponse response = inference.inspect(ids(128).setAttention(true).build());
        assertThat(response.getAttentionList())
                .extracting(LayerAttention::getLayer)
                .containsExactly(0, 1);
        assertThat(response.getAttention(1).getHeads(1).getWeightsCount()).isEqualTo(128 * 128);
        InspectRequest.Builder second =
                text("Hello").setAttention(true).addLayers(1).addLayers(1);
        assertThat(inference.inspect(second.build()).getAttentionList())
                .extracting(LayerAttention::getLayer)
                .containsExactly(1);

        assertThat(inference.inspect(ids(129).build()).getLossesList()).hasSize(128);
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "token_ids has 129 tokens, at most 128 are allowed with attention",
                () -> inference.inspect(ids(129).setAttention(true).build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                "text has 256 tokens, at most 128 are allowed with attention",
                () -> inference.inspect(text("x".repeat(256)).setAttention(true).build()));
    }

    private static InspectRequest.Builder text(String text) {
        return InspectRequest.newBuilder().setText(text);
    }

    private static InspectRequest.Builder ids(int count) {
        return InspectRequest.newBuilder().setTokenIds(TokenIds.newBuilder().addAllIds(Collections.nCopies(count, 7)));
    }
}
