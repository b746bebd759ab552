package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceStub;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How calls end, and who gets a place: the same with both of Quarkus' gRPC servers. */
abstract class CallsContract extends ServedTinyModel {
    /** Of the default configuration: what runs, and what waits of one client. */
    private static final int PLACES_OF_A_CLIENT = 16 + 32;

    @Test
    void cancellingFreesThePlaceOfEitherKindOfCall() {
        Context.CancellableContext context = Context.current().withCancellation();
        Collected<GenerateResponse> unary = new Collected<>();
        context.run(() -> {
            call("a").generate(endless(), unary);
            Iterator<GenerateChunk> stream = blocking("a").generateStream(endless());
            assertThat(stream.next().getModel().getName()).isEqualTo("default");
        });
        await().until(() -> active() == 2);
        context.cancel(null);
        await().until(() -> active() == 0);
        assertThat(unary.code()).isEqualTo(Status.Code.CANCELLED);
    }

    @Test
    void aConnectionThatBreaksFreesEveryPlaceOfIt() {
        ManagedChannel breaking = connect();
        InferenceServiceStub stub = InferenceServiceGrpc.newStub(breaking);
        for (int i = 0; i < 3; i++) {
            stub.generate(endless(), new Collected<>());
            stub.generateStream(endless(), new Collected<>());
        }
        await().until(() -> active() == 6);
        breaking.shutdownNow();
        await().until(() -> active() == 0);
    }

    @Test
    void aDeadlineFreesThePlaceOfEitherKindOfCall() {
        InferenceServiceBlockingStub hurried = blocking("a").withDeadlineAfter(300, TimeUnit.MILLISECONDS);
        assertThat(codeOf(() -> hurried.generate(endless()))).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        Iterator<GenerateChunk> stream =
                blocking("a").withDeadlineAfter(300, TimeUnit.MILLISECONDS).generateStream(endless());
        assertThat(codeOf(() -> stream.forEachRemaining(chunk -> {}))).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        await().until(() -> active() == 0);
    }

    @Test
    void aDeadlineIsKeptForAClientThatDoesNotKeepIt() {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER), "200m");
        Collected<GenerateResponse> call = new Collected<>();
        InferenceServiceGrpc.newStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .generate(endless(), call);
        // The separate server resets the stream instead of saying why.
        assertThat(call.code()).isIn(Status.Code.DEADLINE_EXCEEDED, Status.Code.CANCELLED);
        await().until(() -> active() == 0);
    }

    @Test
    void aClientThatSentTooMuchIsToldWhenToComeAgainAndOthersStillWait() {
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> {
            for (int i = 0; i < PLACES_OF_A_CLIENT; i++) {
                call("greedy").generateStream(endless(), new Collected<>());
            }
        });
        await().until(() -> active() == PLACES_OF_A_CLIENT);
        StatusRuntimeException refused = failure(() -> blocking("greedy").generate(endless()));
        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(refused.getStatus().getDescription()).contains("try again later");
        RetryInfo hint = retryInfo(refused);
        assertThat(hint.getRetryDelay().getSeconds() * 1_000_000_000
                        + hint.getRetryDelay().getNanos())
                .isBetween(100_000_000L, 30_000_000_000L);
        assertThat(refused.getTrailers()
                        .get(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER)))
                .matches("[1-9][0-9]*");
        // Another client finds a place, and has its turn before the rest of the greedy one's.
        Collected<GenerateResponse> modest = new Collected<>();
        call("modest").generate(brief(), modest);
        await().until(() -> active() == PLACES_OF_A_CLIENT + 1);
        assertThat(modest.end()).isNotDone();
        context.cancel(null);
        assertThat(modest.end()).succeedsWithin(30, TimeUnit.SECONDS);
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        StatusRuntimeException spaces = failure(() -> blocking("a b").generate(endless()));
        assertThat(spaces.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(spaces.getStatus().getDescription()).contains("x-client-id must be visible");
        StatusRuntimeException longer = failure(() -> blocking("x".repeat(129)).generate(endless()));
        assertThat(longer.getStatus().getDescription()).contains("x-client-id has 129 characters, 1 to 128");
        assertThat(active()).isZero();
    }

    @Test
    void bytesThatAreNoUtf8AreRefusedByTheNameOfTheField() {
        ByteString bad = ByteString.copyFrom(new byte[] {'a', (byte) 0xc3, (byte) 0xa9, (byte) 0xff, 'b'});
        ByteString stopping = field(2, ByteString.copyFromUtf8("x")).concat(field(2, bad));
        Map<ByteString, String> refused = Map.of(
                field(3, bad), "text has bytes that are not UTF-8, or U+FFFF, at character 2",
                field(3, ByteString.copyFromUtf8("a")).concat(field(1, bad)), "request_id has bytes that are not UTF-8",
                field(3, ByteString.copyFromUtf8("a")).concat(field(2, bad)), "model has bytes that are not UTF-8",
                field(3, ByteString.copyFromUtf8("a")).concat(field(6, stopping)),
                        "stopping.stop[1] has bytes that are not UTF-8");
        refused.forEach((message, expected) -> {
            StatusRuntimeException e = failure(() -> raw(InferenceServiceGrpc.getGenerateMethod(), message));
            assertThat(e.getStatus().getDescription()).startsWith(expected);
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        });
        StatusRuntimeException tokenize = failure(() -> raw(InferenceServiceGrpc.getTokenizeMethod(), field(1, bad)));
        assertThat(tokenize.getStatus().getDescription()).startsWith("text has bytes that are not UTF-8");
        // The last of two prompts counts, and it is the text, though its number is the smaller.
        ByteString ids = field(4, ByteString.copyFrom(new byte[] {0x0a, 1, 7}));
        StatusRuntimeException last =
                failure(() -> raw(InferenceServiceGrpc.getGenerateMethod(), ids.concat(field(3, bad))));
        assertThat(last.getStatus().getDescription()).startsWith("text has bytes that are not UTF-8");
        // Millions of ids beside it, each with a tag of its own.
        byte[] many = new byte[12 << 20];
        for (int i = 0; i < many.length; i += 2) {
            many[i] = 0x08;
            many[i + 1] = 7;
        }
        StatusRuntimeException large = failure(() -> raw(
                InferenceServiceGrpc.getGenerateMethod(),
                field(4, ByteString.copyFrom(many)).concat(field(1, bad))));
        assertThat(large.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(active()).isZero();
        assertThat(blocking("a").generate(brief()).getTokenIdsCount()).isEqualTo(3);
    }

    @Test
    void bytesThatAreNoMessageAreAnErrorAndTheEngineGoesOn() {
        // A text that ends behind the message.
        ByteString torn = ByteString.copyFrom(new byte[] {0x1a, 100, 'a'});
        failure(() -> raw(InferenceServiceGrpc.getGenerateMethod(), torn));
        assertThat(blocking("a").generate(brief()).getTokenIdsCount()).isEqualTo(3);
    }

    @Test
    void aMessageThatIsTooLongIsRefusedAndTheServiceGoesOn() {
        GenerateRequest tooLong = request(3).setText("x".repeat(16 << 20)).build();
        assertThat(codeOf(() -> blocking("a").generate(tooLong))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(codeOf(() -> blocking("a").generateStream(tooLong).next()))
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(active()).isZero();
        assertThat(blocking("a").generate(brief()).getTokenIdsCount()).isEqualTo(3);
    }

    private static ByteString field(int number, ByteString value) {
        return UnknownFieldSet.newBuilder()
                .addField(
                        number,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(value)
                                .build())
                .build()
                .toByteString();
    }

    /** A call with these bytes for a message. */
    private <Q, A> A raw(MethodDescriptor<Q, A> method, ByteString message) {
        MethodDescriptor<ByteString, A> bytes = method.toBuilder(
                        new MethodDescriptor.Marshaller<ByteString>() {
                            @Override
                            public InputStream stream(ByteString value) {
                                return value.newInput();
                            }

                            @Override
                            public ByteString parse(InputStream stream) {
                                throw new UnsupportedOperationException();
                            }
                        },
                        method.getResponseMarshaller())
                .build();
        return ClientCalls.blockingUnaryCall(channel, bytes, CallOptions.DEFAULT, message);
    }

    private static GenerateRequest endless() {
        return request(ENDLESS).setText("x").build();
    }

    private static GenerateRequest brief() {
        return request(3).setText("x").build();
    }

    private InferenceServiceStub call(String client) {
        return InferenceServiceGrpc.newStub(channel).withInterceptors(named(client));
    }

    private InferenceServiceBlockingStub blocking(String client) {
        return InferenceServiceGrpc.newBlockingStub(channel).withInterceptors(named(client));
    }

    private static ClientInterceptor named(String client) {
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("x-client-id", Metadata.ASCII_STRING_MARSHALLER), client);
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    private static RetryInfo retryInfo(StatusRuntimeException refused) {
        com.google.rpc.Status status = StatusProto.fromThrowable(refused);
        try {
            return status.getDetails(0).unpack(RetryInfo.class);
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static StatusRuntimeException failure(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException e) {
            return e;
        }
        throw new AssertionError("the call did not fail");
    }

    private static Status.Code codeOf(Runnable call) {
        return failure(call).getStatus().getCode();
    }
}
