package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Status;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Calls that end before their answer does. */
@QuarkusTest
@WithTestResource(Backends.class)
class EndedCallsTest extends ServedTinyModel {
    @Test
    void aDeadlineEndsAUnaryCallAndFreesItsPlace() {
        assertStatus(
                Status.Code.DEADLINE_EXCEEDED,
                "",
                () -> inference
                        .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                        .generate(request(ENDLESS).setText("x").build()));
        await().until(() -> running() == 0);
    }

    @Test
    void aCancelledCallOfEitherKindFreesItsPlace() {
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> {
            InferenceServiceGrpc.newStub(channel)
                    .generate(request(ENDLESS).setText("x").build(), new Collected<>());
            Iterator<GenerateChunk> stream =
                    inference.generateStream(request(ENDLESS).setText("x").build());
            assertThat(stream.next().getModel()).isEqualTo(version(served, 1));
        });
        await().until(() -> running() == 2);
        context.cancel(null);
        await().until(() -> running() == 0);
    }

    @Test
    void aClientThatDoesNotReadIsNotBufferedFor() {
        ClientCall<GenerateRequest, GenerateChunk> call = unread();
        await().until(() -> running() == 1);
        // Tokens stop once the buffers of both sides are full.
        double[] before = {-1};
        await().pollInterval(300, TimeUnit.MILLISECONDS).until(() -> {
            double now = tokens();
            boolean still = now == before[0];
            before[0] = now;
            return still;
        });
        assertThat(running()).isEqualTo(1);
        assertThat(inference.generate(request(5).setText("x").build()).getTokenIdsCount())
                .isEqualTo(5);
        call.cancel("enough", null);
        await().until(() -> running() == 0);
    }
}
