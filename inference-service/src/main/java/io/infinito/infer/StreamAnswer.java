package io.infinito.infer;

import io.grpc.stub.ServerCallStreamObserver;
import io.infinito.infer.engine.GeneratedChunk;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.inference.v1.GenerateChunk;

/** Sends a generation piece by piece, as fast as the client reads. */
final class StreamAnswer implements GenerationListener {
    private final Answer answer;
    private final ServerCallStreamObserver<GenerateChunk> call;

    StreamAnswer(Answer answer, ServerCallStreamObserver<GenerateChunk> call) {
        this.answer = answer;
        this.call = call;
    }

    @Override
    public boolean isReady() {
        return call.isReady();
    }

    @Override
    public void onChunk(GeneratedChunk chunk) {
        GenerateChunk.Builder message = GenerateChunk.newBuilder()
                .setRequestId(answer.requestId())
                .setSeed(answer.seed())
                .setModel(answer.model())
                .setText(chunk.text())
                .addAllTokenIds(chunk.tokenIds());
        chunk.finish()
                .ifPresent(finish -> message.setFinishReason(Answer.reason(finish))
                        .setStopString(finish.stopString())
                        .setUsage(Answer.usage(finish)));
        call.onNext(message.build());
        if (chunk.finish().isPresent()) {
            call.onCompleted();
        }
    }

    @Override
    public void onFailure(Failure failure, String message) {
        call.onError(Answer.status(failure).withDescription(message).asRuntimeException());
    }
}
