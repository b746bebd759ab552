package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients without the contract can ask for it. */
@QuarkusTest
@WithTestResource(Backends.class)
class ReflectionTest extends ServedTinyModel {
    @Test
    void reflectionListsTheService() {
        ServerReflectionResponse response =
                ask(ServerReflectionRequest.newBuilder().setListServices("*"));
        assertThat(response.getListServicesResponse().getServiceList())
                .extracting(ServiceResponse::getName)
                .contains(InferenceServiceGrpc.SERVICE_NAME);
    }

    private ServerReflectionResponse ask(ServerReflectionRequest.Builder question) {
        Collected<ServerReflectionResponse> answers = new Collected<>();
        StreamObserver<ServerReflectionRequest> questions =
                ServerReflectionGrpc.newStub(channel).serverReflectionInfo(answers);
        questions.onNext(question.build());
        questions.onCompleted();
        assertThat(answers.end()).succeedsWithin(10, TimeUnit.SECONDS);
        return answers.messages().get(0);
    }
}
