package io.infinito.infer;

import io.grpc.stub.ServerCallStreamObserver;
import io.infinito.infer.engine.GeneratedChunk;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.inference.v1.GenerateChunk;
import java.util.ArrayList;
import java.util.List;

/** Sends the sequences of a request piece by piece, as fast as the client reads. */
final class StreamAnswer {
    private final Answer answer;
    private final ServerCallStreamObserver<GenerateChunk> call;
    private int open;
    private boolean failed;

    StreamAnswer(Answer answer, ServerCallStreamObserver<GenerateChunk> call) {
        this.answer = answer;
        this.call = call;
    }

    /** One for each sequence. */
    List<GenerationListener> listeners() {
        List<GenerationListener> listeners = new ArrayList<>();
        for (int i = 0; i < answer.sequences().size(); i++) {
            listeners.add(new Sender(i));
        }
        open = listeners.size();
        return listeners;
    }

    /** Of one sequence. */
    private final class Sender implements GenerationListener {
        private final int index;
        private boolean begun;

        Sender(int index) {
            this.index = index;
        }

        @Override
        public boolean isReady() {
            return call.isReady();
        }

        @Override
        public void onChunk(GeneratedChunk chunk) {
            if (failed) {
                throw new IllegalStateException("another sequence of the request has failed");
            }
            GenerateChunk.Builder message = GenerateChunk.newBuilder()
                    .setRequestId(answer.requestId())
                    .setIndex(index)
                    .setSeed(answer.seed(index))
                    .setModel(answer.version())
                    .setText(chunk.text())
                    .addAllTokenIds(chunk.tokenIds())
                    .addAllLogprobs(answer.logprobs(chunk.logprobs()));
            if (!begun) {
                begun = true;
                begin(message);
            }
            chunk.finish().ifPresent(finish -> {
                message.setFinishReason(Answer.reason(finish))
                        .setStopString(finish.stopString())
                        .setUsage(Answer.usage(finish))
                        .setTiming(Answer.timing(finish));
                finish.stopTokenId().ifPresent(message::setStopTokenId);
            });
            call.onNext(message.build());
            if (chunk.finish().isPresent() && --open == 0) {
                call.onCompleted();
            }
        }

        private void begin(GenerateChunk.Builder message) {
            Prompt prompt = answer.prompt(index);
            message.setText(prompt.echo() + message.getText());
            if (index == 0) {
                message.addAllPromptLogprobs(answer.logprobs(prompt.logprobs()));
            }
        }

        @Override
        public void onFailure(Failure failure, String message) {
            if (!failed) {
                failed = true;
                call.onError(Answer.status(failure).withDescription(message).asRuntimeException());
            }
        }
    }
}
