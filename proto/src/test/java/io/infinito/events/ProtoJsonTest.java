package io.infinito.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.infinito.training.v1.TrainJobStatus;
import io.infinito.training.v1.TrainRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtoJsonTest {
    @ParameterizedTest
    @ValueSource(strings = {"a='b' & <c> \"d\"", "a back\\slash\\u003d and \\\\u003d", "line\nbreak é 🙂 \u2028"})
    void printsForPeopleAndReadsItBack(String text) throws InvalidJsonException {
        TrainJobStatus status = TrainJobStatus.newBuilder()
                .setJobId("x")
                .setPhase(TrainJobStatus.Phase.FAILED)
                .setError(text)
                .build();
        String json = ProtoJson.print(status);
        assertThat(json).startsWith("{\"jobId\":\"x\",\"phase\":\"FAILED\",\"error\":");
        assertThat(ProtoJson.parse(json, TrainJobStatus.newBuilder()).build()).isEqualTo(status);
    }

    @Test
    void leavesApostrophesAndEqualsSignsAsTheyAre() {
        String json = ProtoJson.print(
                TrainJobStatus.newBuilder().setError("jobId='a' must be > 0").build());
        assertThat(json).isEqualTo("{\"error\":\"jobId='a' must be > 0\"}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"jobId":"a","optimiser":{}}          | unknown field 'optimiser' in infinito.training.v1.TrainRequest
            {"training":{"epoch":2}}              | unknown field 'epoch' in infinito.training.v1.TrainingSpec
            {"training":{"epochs":"two"}}         | training.epochs: Not an int32 value: "two"
            {"training":{"epochs":1.5}}           | training.epochs: Not an int32 value: 1.5
            {"training":{"schedule":"STEEP"}}     | training.schedule: Invalid enum value: STEEP
            {"jobId":                             | not JSON of infinito.training.v1.TrainRequest
            nothing                               | not JSON of infinito.training.v1.TrainRequest
            []                                    | not JSON of infinito.training.v1.TrainRequest
            """)
    void saysWhatIsWrong(String json, String reason) {
        assertThatThrownBy(() -> ProtoJson.parse(json, TrainRequest.newBuilder()))
                .isInstanceOf(InvalidJsonException.class)
                .hasMessageStartingWith(reason);
    }

    @Test
    void skipsWhatANewerWriterAdded() throws InvalidJsonException {
        assertThat(ProtoJson.parseLenient("{\"jobId\":\"a\",\"mood\":1}", TrainRequest.newBuilder())
                        .getJobId())
                .isEqualTo("a");
    }

    @Test
    void findsAFieldInAWrongMessage() {
        assertThat(ProtoJson.textField("{\"jobId\":\"a\",\"training\":7}", "jobId"))
                .contains("a");
        assertThat(ProtoJson.textField("{\"training\":7}", "jobId")).isEmpty();
        assertThat(ProtoJson.textField("nothing", "jobId")).isEmpty();
        assertThat(ProtoJson.textField("{\"jobId\":", "jobId")).isEmpty();
    }
}
