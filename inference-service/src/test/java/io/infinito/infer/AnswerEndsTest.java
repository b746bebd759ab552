package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What ends an answer, and how it says so. */
@QuarkusTest
@WithTestResource(Backends.class)
class AnswerEndsTest extends ServedTinyModel {
    @Test
    void aStopStringEndsAStreamAndIsNamed() {
        GenerateRequest.Builder request = request(60).setText("Hello");
        request.getSamplingBuilder().setSeed(5).setTemperature(1);
        String text = inference.generate(request.build()).getText();
        String stop = text.substring(10, 12);
        request.getStoppingBuilder().addStop(stop);
        List<GenerateChunk> chunks = stream(request.build());
        GenerateChunk last = chunks.get(chunks.size() - 1);
        assertThat(last.getFinishReason()).isEqualTo(FinishReason.STOP);
        assertThat(last.getStopString()).isEqualTo(stop);
        assertThat(text(chunks)).isEqualTo(text.substring(0, text.indexOf(stop)));
    }
}
