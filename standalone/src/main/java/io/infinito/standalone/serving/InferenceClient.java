package io.infinito.standalone.serving;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.GetModelRequest;
import io.infinito.inference.v1.GetModelResponse;
import io.infinito.inference.v1.InferenceServiceGrpc;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The inference service over gRPC. */
public final class InferenceClient implements AutoCloseable {
    private static final long SHORT_CALL_SECONDS = 10;
    private static final long GENERATION_MINUTES = 10;

    private final String address;
    private final ManagedChannel channel;
    private final InferenceServiceGrpc.InferenceServiceBlockingStub stub;

    /** Connects lazily, in plain text, to {@code host:port}. */
    public InferenceClient(String address) {
        this.address = address;
        this.channel = ManagedChannelBuilder.forTarget(address).usePlaintext().build();
        this.stub = InferenceServiceGrpc.newBlockingStub(channel);
    }

    /**
     * Generates, passing every chunk on as it comes.
     *
     * @throws ServingFailure if the service cannot be reached or refuses
     */
    public void generate(GenerateRequest request, Consumer<GenerateChunk> chunks) {
        try {
            stub.withDeadlineAfter(GENERATION_MINUTES, TimeUnit.MINUTES)
                    .generateStream(request)
                    .forEachRemaining(chunks);
        } catch (StatusRuntimeException e) {
            throw failure(e);
        }
    }

    /**
     * What is served, or empty while no model is loaded or the service does not answer yet.
     *
     * @throws ServingFailure if the service refuses for another reason
     */
    public Optional<GetModelResponse> model() {
        return description().filter(model -> !model.getModel().getVersion().isEmpty());
    }

    /**
     * What is served or what is in the way, or empty while the service does not answer.
     *
     * @throws ServingFailure if the service refuses for another reason
     */
    public Optional<GetModelResponse> description() {
        try {
            return Optional.of(stub.withDeadlineAfter(SHORT_CALL_SECONDS, TimeUnit.SECONDS)
                    .getModel(GetModelRequest.getDefaultInstance()));
        } catch (StatusRuntimeException e) {
            Status.Code code = e.getStatus().getCode();
            if (code == Status.Code.UNAVAILABLE || code == Status.Code.DEADLINE_EXCEEDED) {
                return Optional.empty();
            }
            throw failure(e);
        }
    }

    /** Lets the connection go. */
    @Override
    public void close() {
        channel.shutdownNow();
    }

    private ServingFailure failure(StatusRuntimeException e) {
        Status status = e.getStatus();
        if (status.getCode() == Status.Code.UNAVAILABLE) {
            return new ServingFailure(
                    "cannot reach the inference service at " + address
                            + ": start the services with './infinito up', or give --inference HOST:PORT",
                    e);
        }
        return new ServingFailure(
                "the inference service at " + address + " answers " + status.getCode() + ": " + status.getDescription(),
                e);
    }
}
