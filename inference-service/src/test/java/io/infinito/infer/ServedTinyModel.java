package io.infinito.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.infinito.infer.model.ModelFollower;
import io.infinito.infer.model.TinyCheckpoint;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.InferenceServiceGrpc;
import io.infinito.inference.v1.InferenceServiceGrpc.InferenceServiceBlockingStub;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.storage.ObjectStore;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test of the whole service. Each begins with step 1 of the model {@code default} in service and ends with nothing running. */
abstract class ServedTinyModel {
    /** More tokens than any test waits for. */
    static final int ENDLESS = 1_000_000;
    /** The least that HTTP/2 begins with. */
    private static final int SMALL_WINDOW = 65_535;

    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int separatePort;

    @Inject
    ObjectStore store;

    @Inject
    ModelFollower follower;

    @Inject
    MeterRegistry meters;

    private final List<ManagedChannel> channels = new ArrayList<>();
    ManagedChannel channel;
    InferenceServiceBlockingStub inference;
    TinyCheckpoint served;

    /** Of gRPC. */
    int port() {
        return separatePort;
    }

    @BeforeEach
    void serveTheFirstModel() {
        channel = connect();
        inference = InferenceServiceGrpc.newBlockingStub(channel);
        served = serve(TinyCheckpoint.of("default", 1));
    }

    @AfterEach
    void disconnect() {
        channels.forEach(ManagedChannel::shutdownNow);
        await().until(() -> active() == 0);
    }

    /** A connection of its own, closed after the test. */
    ManagedChannel connect() {
        return opened(ManagedChannelBuilder.forAddress("localhost", port()));
    }

    private ManagedChannel opened(ManagedChannelBuilder<?> builder) {
        ManagedChannel opened = builder.usePlaintext().build();
        channels.add(opened);
        return opened;
    }

    /** An endless stream whose chunks nobody asks for, over a connection with so little room that it is full soon. */
    ClientCall<GenerateRequest, GenerateChunk> unread() {
        ClientCall<GenerateRequest, GenerateChunk> call = opened(
                        NettyChannelBuilder.forAddress("localhost", port()).flowControlWindow(SMALL_WINDOW))
                .newCall(InferenceServiceGrpc.getGenerateStreamMethod(), CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(request(ENDLESS).setText("x").build());
        call.halfClose();
        return call;
    }

    /** Makes it the best one, and waits until it is served and nothing is said of those before. */
    TinyCheckpoint serve(TinyCheckpoint checkpoint) {
        checkpoint.publish(store);
        follower.checkSoon();
        await().until(() -> serves(checkpoint) && follower.obstacle().isEmpty());
        return checkpoint;
    }

    boolean serves(TinyCheckpoint checkpoint) {
        return follower.serving()
                .filter(m -> m.sha256().equals(checkpoint.sha256()))
                .isPresent();
    }

    /** As answers name it. */
    static ModelVersion version(TinyCheckpoint checkpoint, int step) {
        return ModelVersion.newBuilder()
                .setName("default")
                .setVersion(checkpoint.version())
                .setStep(step)
                .setSha256(checkpoint.sha256())
                .build();
    }

    /** For so many tokens, whatever they are. */
    static GenerateRequest.Builder request(int tokens) {
        return GenerateRequest.newBuilder()
                .setStopping(
                        StoppingCriteria.newBuilder().setMaxNewTokens(tokens).setIgnoreEos(true));
    }

    List<GenerateChunk> stream(GenerateRequest request) {
        List<GenerateChunk> chunks = new ArrayList<>();
        inference.generateStream(request).forEachRemaining(chunks::add);
        return chunks;
    }

    static String text(List<GenerateChunk> chunks) {
        return chunks.stream().map(GenerateChunk::getText).collect(Collectors.joining());
    }

    static void assertStatus(Status.Code code, String description, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(code);
            assertThat(e.getStatus().getDescription()).contains(description);
        });
    }

    double running() {
        return meters.get("infinito.requests.running").gauge().value();
    }

    /** What runs and what waits. */
    double active() {
        return running() + meters.get("infinito.requests.waiting").gauge().value();
    }

    /** Generated since the service started. */
    double tokens() {
        return meters.get("infinito.tokens.generated").counter().count();
    }
}
