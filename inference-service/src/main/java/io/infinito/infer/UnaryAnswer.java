package io.infinito.infer;

import io.grpc.stub.StreamObserver;
import io.infinito.infer.engine.Finish;
import io.infinito.infer.engine.GeneratedChunk;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.inference.v1.GenerateResponse;

/** Collects a generation into one message. */
final class UnaryAnswer implements GenerationListener {
    private final GenerateResponse.Builder response;
    private final StringBuilder text = new StringBuilder();
    private final StreamObserver<GenerateResponse> call;

    UnaryAnswer(Answer answer, StreamObserver<GenerateResponse> call) {
        this.call = call;
        response = GenerateResponse.newBuilder()
                .setRequestId(answer.requestId())
                .setSeed(answer.seed())
                .setModel(answer.model());
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void onChunk(GeneratedChunk chunk) {
        text.append(chunk.text());
        response.addAllTokenIds(chunk.tokenIds());
        chunk.finish().ifPresent(this::send);
    }

    private void send(Finish finish) {
        call.onNext(response.setText(text.toString())
                .setFinishReason(Answer.reason(finish))
                .setStopString(finish.stopString())
                .setUsage(Answer.usage(finish))
                .build());
        call.onCompleted();
    }

    @Override
    public void onFailure(Failure failure, String message) {
        call.onError(Answer.status(failure).withDescription(message).asRuntimeException());
    }
}
