package io.infinito.infer;

import io.grpc.stub.StreamObserver;
import io.infinito.infer.engine.Finish;
import io.infinito.infer.engine.GeneratedChunk;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.inference.v1.GenerateResponse;
import io.infinito.inference.v1.Sequence;
import io.infinito.inference.v1.Timing;
import io.infinito.inference.v1.Usage;
import java.util.ArrayList;
import java.util.List;

/** Collects the sequences of a request into one message. */
final class UnaryAnswer {
    private final Answer answer;
    private final StreamObserver<GenerateResponse> call;
    private final List<Sequence.Builder> sequences = new ArrayList<>();
    private final Timing.Builder timing = Timing.newBuilder();
    private int completionTokens;
    private int open;
    private boolean failed;

    UnaryAnswer(Answer answer, StreamObserver<GenerateResponse> call) {
        this.answer = answer;
        this.call = call;
    }

    /** One for each sequence. */
    List<GenerationListener> listeners() {
        List<GenerationListener> listeners = new ArrayList<>();
        for (int i = 0; i < answer.sequences().size(); i++) {
            Sequence.Builder sequence = Sequence.newBuilder().setIndex(i).setSeed(answer.seed(i));
            sequences.add(sequence);
            listeners.add(new Collector(sequence, answer.prompt(i).echo()));
        }
        open = listeners.size();
        return listeners;
    }

    private void finish(Finish finish) {
        Timing last = Answer.timing(finish);
        // Of the sequence that was first with each.
        timing.setQueueMs(
                        open == sequences.size() ? last.getQueueMs() : Math.min(timing.getQueueMs(), last.getQueueMs()))
                .setFirstTokenMs(
                        open == sequences.size()
                                ? last.getFirstTokenMs()
                                : Math.min(timing.getFirstTokenMs(), last.getFirstTokenMs()))
                .setTotalMs(Math.max(timing.getTotalMs(), last.getTotalMs()));
        completionTokens += finish.completionTokens();
        open--;
        if (open == 0 && !failed) {
            send(finish.promptTokens());
        }
    }

    private void send(int promptTokens) {
        Sequence.Builder first = sequences.get(0);
        GenerateResponse.Builder response = GenerateResponse.newBuilder()
                .setRequestId(answer.requestId())
                .setText(first.getText())
                .addAllTokenIds(first.getTokenIdsList())
                .setFinishReason(first.getFinishReason())
                .setStopString(first.getStopString())
                .setUsage(Usage.newBuilder().setPromptTokens(promptTokens).setCompletionTokens(completionTokens))
                .setSeed(first.getSeed())
                .setModel(answer.version())
                .setTiming(timing)
                .addAllLogprobs(first.getLogprobsList())
                .addAllPromptLogprobs(answer.logprobs(answer.prompt(0).logprobs()));
        if (first.hasStopTokenId()) {
            response.setStopTokenId(first.getStopTokenId());
        }
        if (sequences.size() > 1) {
            sequences.forEach(response::addSequences);
        }
        call.onNext(response.build());
        call.onCompleted();
    }

    /** Of one sequence. */
    private final class Collector implements GenerationListener {
        private final Sequence.Builder sequence;
        private final StringBuilder text;

        Collector(Sequence.Builder sequence, String echo) {
            this.sequence = sequence;
            this.text = new StringBuilder(echo);
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void onChunk(GeneratedChunk chunk) {
            if (failed) {
                throw new IllegalStateException("another sequence of the request has failed");
            }
            text.append(chunk.text());
            sequence.addAllTokenIds(chunk.tokenIds()).addAllLogprobs(answer.logprobs(chunk.logprobs()));
            chunk.finish().ifPresent(finish -> {
                sequence.setText(text.toString())
                        .setFinishReason(Answer.reason(finish))
                        .setStopString(finish.stopString());
                finish.stopTokenId().ifPresent(sequence::setStopTokenId);
                finish(finish);
            });
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
