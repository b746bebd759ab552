package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
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

    @Test
    void reflectionGivesTheContract() throws InvalidProtocolBufferException {
        ServerReflectionResponse response =
                ask(ServerReflectionRequest.newBuilder().setFileContainingSymbol(InferenceServiceGrpc.SERVICE_NAME));
        List<FileDescriptorProto> files = new ArrayList<>();
        for (ByteString file : response.getFileDescriptorResponse().getFileDescriptorProtoList()) {
            files.add(FileDescriptorProto.parseFrom(file));
        }
        assertThat(files).anySatisfy(file -> {
            assertThat(file.getPackage()).isEqualTo("infinito.inference.v1");
            assertThat(file.getService(0).getName()).isEqualTo("InferenceService");
            assertThat(file.getService(0).getMethodList())
                    .extracting(MethodDescriptorProto::getName, MethodDescriptorProto::getServerStreaming)
                    .contains(tuple("Generate", false), tuple("GenerateStream", true));
            assertThat(file.getMessageTypeList())
                    .extracting(DescriptorProto::getName)
                    .contains("GenerateRequest", "SamplingParams", "GenerateResponse");
        });
        assertThat(ask(ServerReflectionRequest.newBuilder().setFileContainingSymbol("infinito.Nothing"))
                        .getErrorResponse()
                        .getErrorCode())
                .isEqualTo(Status.Code.NOT_FOUND.value());
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
