package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.infinito.infer.BadRequests.BadRequest;
import io.infinito.inference.v1.GenerateRequest;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fields out of their bounds are refused by their names before the engine sees anything. */
@QuarkusTest
@WithTestResource(Backends.class)
class RequestBoundsTest extends ServedTinyModel {
    @ParameterizedTest(name = "{0}")
    @MethodSource({
        "io.infinito.infer.BadRequests#prompts",
        "io.infinito.infer.BadRequests#sampling",
        "io.infinito.infer.BadRequests#stopping"
    })
    void refusesByTheNameOfTheField(BadRequest bad) {
        double before = tokens();
        GenerateRequest.Builder request = request(5).setText("Hello");
        bad.change().accept(request);
        assertStatus(Status.Code.INVALID_ARGUMENT, bad.refusal(), () -> inference.generate(request.build()));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                bad.refusal(),
                () -> inference.generateStream(request.build()).next());
        assertThat(active()).isZero();
        assertThat(tokens()).isEqualTo(before);
    }
}
