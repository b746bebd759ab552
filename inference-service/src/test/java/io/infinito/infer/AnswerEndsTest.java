package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.Sequence;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ends an answer, and how it says so. */
@QuarkusTest
@WithTestResource(Backends.class)
class AnswerEndsTest extends ServedTinyModel {
    private static final int TIME_LIMIT_MS = 200;

    /** Always the same sixty tokens, unless something ends them. */
    private static GenerateRequest.Builder sixty() {
        GenerateRequest.Builder request = request(60).setText("Hello");
        request.getSamplingBuilder().setSeed(5).setTemperature(1);
        return request;
    }

    @ParameterizedTest(name = "include_stop {0}")
    @ValueSource(booleans = {false, true})
    void aStopStringEndsTheTextAndIsNamed(boolean included) {
        String text = inference.generate(sixty().build()).getText();
        String stop = text.substring(10, 12);
        String expected = text.substring(0, text.indexOf(stop)) + (included ? stop : "");
        GenerateRequest.Builder request = sixty();
        request.getStoppingBuilder().addStop("never there").addStop(stop).setIncludeStop(included);

        GenerateResponse whole = inference.generate(request.build());
        assertThat(whole.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(whole.getStopString()).isEqualTo(stop);
        assertThat(whole.hasStopTokenId()).isFalse();
        assertThat(whole.getText()).isEqualTo(expected);
        assertThat(whole.getTokenIdsCount())
                .isLessThan(60)
                .isEqualTo(whole.getUsage().getCompletionTokens());

        List<GenerateChunk> chunks = stream(request.build());
        GenerateChunk last = chunks.get(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(last.getStopString()).isEqualTo(stop);
        assertThat(text(chunks)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "include_stop {0}")
    @ValueSource(booleans = {false, true})
    void aStopTokenEndsTheTextAndIsNamed(boolean included) {
        GenerateResponse free = inference.generate(sixty().build());
        int stop = letter(free);
        List<Integer> ids =
                free.getTokenIdsList().subList(0, free.getTokenIdsList().indexOf(stop) + 1);
        GenerateRequest.Builder request = sixty();
        request.getStoppingBuilder().addStopTokenIds(0).addStopTokenIds(stop).setIncludeStop(included);

        GenerateResponse whole = inference.generate(request.build());
        assertThat(whole.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(whole.getStopTokenId()).isEqualTo(stop);
        assertThat(whole.getStopString()).isEmpty();
        assertThat(whole.getTokenIdsList()).as("those of the stop too").isEqualTo(ids);
        assertThat(free.getText()).startsWith(whole.getText() + (included ? "" : Character.toString(stop)));
        assertThat(whole.getText().endsWith(Character.toString(stop))).isEqualTo(included);

        List<GenerateChunk> chunks = stream(request.build());
        GenerateChunk last = chunks.get(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(last.getStopTokenId()).isEqualTo(stop);
        assertThat(text(chunks)).isEqualTo(whole.getText());
    }

    @Test
    void nothingStopsBeforeTheLeastNumberOfTokens() {
        GenerateResponse free = inference.generate(sixty().build());
        int stop = letter(free);
        int least = free.getTokenIdsList().indexOf(stop) + 5;
        GenerateRequest.Builder request = sixty();
        request.getStoppingBuilder()
                .addStopTokenIds(stop)
                .addStop(free.getText().substring(0, 1))
                .setMinNewTokens(least);
        GenerateResponse response = inference.generate(request.build());
        assertThat(response.getUsage().getCompletionTokens()).isGreaterThanOrEqualTo(least);
        assertThat(response.getTokenIdsList().subList(0, least)).doesNotContain(stop);
        assertThat(response.getText()).startsWith(free.getText().substring(0, 1));
    }

    @Test
    void aTimeLimitEndsAnAnswerWithWhatThereIs() {
        GenerateResponse response = inference.generate(hurried().build());
        assertThat(active()).as("places").isZero();
        assertThat(response.getFinishReason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(response.getText()).isNotEmpty();
        assertThat(response.getTokenIdsCount())
                .isPositive()
                .isEqualTo(response.getUsage().getCompletionTokens());
        assertThat(response.getTiming().getTotalMs()).isGreaterThanOrEqualTo(TIME_LIMIT_MS);

        GenerateRequest.Builder several = hurried();
        several.getSamplingBuilder().setN(2);
        assertThat(inference.generate(several.build()).getSequencesList())
                .hasSize(2)
                .extracting(Sequence::getFinishReason)
                .containsOnly(FinishReason.DEADLINE);
    }

    @Test
    void aTimeLimitEndsAStreamWithWhatThereIs() {
        List<GenerateChunk> chunks = stream(hurried().build());
        assertThat(active()).as("places").isZero();
        GenerateChunk last = chunks.get(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(text(chunks)).isNotEmpty();
        assertThat(chunks.stream().mapToInt(GenerateChunk::getTokenIdsCount).sum())
                .isEqualTo(last.getUsage().getCompletionTokens());
        assertThat(last.getTiming().getTotalMs()).isGreaterThanOrEqualTo(TIME_LIMIT_MS);
    }

    private static GenerateRequest.Builder hurried() {
        GenerateRequest.Builder request = request(ENDLESS).setText("x");
        request.getStoppingBuilder().setTimeLimitMs(TIME_LIMIT_MS);
        return request;
    }

    /** A token of an answer, not of its beginning, whose text is itself. */
    private static int letter(GenerateResponse response) {
        return response.getTokenIdsList().stream()
                .skip(5)
                .filter(id -> id >= 'a' && id <= 'z')
                .findFirst()
                .orElseThrow();
    }
}
