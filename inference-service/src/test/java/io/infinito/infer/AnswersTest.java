package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.Sequence;
import io.infinito.inference.v1.TokenIds;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a request is answered with, whole and in pieces. */
@QuarkusTest
@WithTestResource(Backends.class)
class AnswersTest extends ServedTinyModel {
    @Test
    void generatesTextTokensAndUsage() {
        GenerateResponse response = inference.generate(
                request(10).setText("Once upon").setRequestId("r-1").build());
        assertThat(response.getRequestId()).isEqualTo("r-1");
        assertThat(response.getTokenIdsList()).hasSize(10);
        assertThat(response.getText()).isNotEmpty();
        assertThat(response.getFinishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(response.getUsage().getPromptTokens()).isEqualTo(9);
        assertThat(response.getUsage().getCompletionTokens()).isEqualTo(10);
        assertThat(response.getModel()).isEqualTo(version(served, 1));
    }

    @Test
    void theSeedOfAnAnswerGivesItAgain() {
        GenerateRequest request = request(20)
                .setTokenIds(TokenIds.newBuilder().addIds(72).addIds(105))
                .build();
        GenerateResponse first = inference.generate(request);
        GenerateResponse again = inference.generate(request.toBuilder()
                .setSampling(request.getSampling().toBuilder().setSeed(first.getSeed()))
                .build());
        assertThat(again.toBuilder().clearTiming().build())
                .isEqualTo(first.toBuilder().clearTiming().build());
        assertThat(first.getTiming().getFirstTokenMs())
                .isBetween(0.0, first.getTiming().getTotalMs());
    }

    @Test
    void sequencesOfOneRequestAreThoseOfTheSeedsThatFollow() {
        GenerateRequest.Builder request = request(12).setText("Hello").setEcho(true);
        request.getSamplingBuilder().setSeed(7).setN(3).setLogprobs(2).setPromptLogprobs(1);
        GenerateResponse whole = inference.generate(request.build());
        assertThat(whole.getSequencesList()).hasSize(3);
        assertThat(whole.getUsage().getPromptTokens()).isEqualTo(5);
        assertThat(whole.getUsage().getCompletionTokens()).isEqualTo(36);
        assertThat(whole.getText())
                .startsWith("Hello")
                .isEqualTo(whole.getSequences(0).getText());
        assertThat(whole.getPromptLogprobsList()).hasSize(4).allSatisfy(logprob -> {
            assertThat(logprob.getTopCount()).isEqualTo(1);
            assertThat(logprob.getLogprob()).isNegative();
        });
        for (int i = 0; i < 3; i++) {
            Sequence sequence = whole.getSequences(i);
            assertThat(sequence.getIndex()).isEqualTo(i);
            assertThat(sequence.getSeed()).isEqualTo(7 + i);
            assertThat(sequence.getLogprobsList())
                    .hasSize(12)
                    .allSatisfy(logprob -> assertThat(logprob.getTopList()).hasSize(2));
            GenerateRequest.Builder alone = request.clone();
            alone.getSamplingBuilder().setSeed(7 + i).clearN();
            assertThat(inference.generate(alone.build()).getTokenIdsList()).isEqualTo(sequence.getTokenIdsList());
        }
        List<GenerateChunk> chunks = stream(request.build());
        for (int i = 0; i < 3; i++) {
            int index = i;
            List<GenerateChunk> own =
                    chunks.stream().filter(c -> c.getIndex() == index).toList();
            assertThat(text(own)).isEqualTo(whole.getSequences(i).getText());
            assertThat(own.stream().flatMap(c -> c.getLogprobsList().stream()).toList())
                    .isEqualTo(whole.getSequences(i).getLogprobsList());
            assertThat(own.get(own.size() - 1).getFinishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void aLongPromptIsTruncatedFromTheLeftIfAsked() {
        GenerateRequest.Builder request = request(3)
                .setText("x".repeat(100) + "the end")
                .setTruncatePrompt(true)
                .setEcho(true);
        GenerateResponse response = inference.generate(request.build());
        assertThat(response.getUsage().getPromptTokens()).isEqualTo(31);
        assertThat(response.getText()).startsWith("x".repeat(24) + "the end");
    }

    @Test
    void aStreamIsTheUnaryAnswerInPieces() {
        GenerateRequest request = request(60)
                .setText("Grüße")
                .setRequestId("r-2")
                .setSampling(SamplingParams.newBuilder().setSeed(3).setTemperature(1))
                .build();
        GenerateResponse whole = inference.generate(request);
        List<GenerateChunk> chunks = stream(request);

        assertThat(chunks.size()).isGreaterThan(20);
        assertThat(text(chunks)).isEqualTo(whole.getText());
        assertThat(chunks.stream().flatMap(c -> c.getTokenIdsList().stream()).toList())
                .isEqualTo(whole.getTokenIdsList());
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.getRequestId()).isEqualTo("r-2");
            assertThat(chunk.getSeed()).isEqualTo(3);
            assertThat(chunk.getModel()).isEqualTo(whole.getModel());
        });
        GenerateChunk last = chunks.remove(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.LENGTH);
        assertThat(last.getUsage()).isEqualTo(whole.getUsage());
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.getFinishReason()).isEqualTo(FinishReason.FINISH_REASON_UNSPECIFIED);
            assertThat(chunk.hasUsage()).isFalse();
        });
    }
}
