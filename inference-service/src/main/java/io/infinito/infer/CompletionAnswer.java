package io.infinito.infer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.infer.engine.GeneratedChunk;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.sampling.TokenLogprob;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;

/** Answers a completion over HTTP: one object, or one event a chunk as fast as the client reads. */
final class CompletionAnswer {
    private final Answer answer;
    private final CompletionJson json;
    private final CompletionRequest request;
    private final HttpServerResponse response;
    private final List<Choice> choices = new ArrayList<>();
    private int completionTokens;
    private int open;
    private boolean failed;

    CompletionAnswer(Answer answer, CompletionRequest request, HttpServerResponse response) {
        this.answer = answer;
        this.json = new CompletionJson(answer);
        this.request = request;
        this.response = response;
    }

    /** One for each sequence. */
    List<GenerationListener> listeners() {
        for (int i = 0; i < answer.sequences().size(); i++) {
            choices.add(new Choice(i));
        }
        open = choices.size();
        return List.copyOf(choices);
    }

    private void ended(int tokens) {
        completionTokens += tokens;
        open--;
        if (open > 0) {
            return;
        }
        if (!request.stream()) {
            ObjectNode completion = json.completion();
            choices.forEach(choice -> choice.write(completion, choice.text.toString(), choice.logprobs));
            OpenAiRoutes.send(response, 200, json.usage(completion, completionTokens));
            return;
        }
        if (request.usageEvent()) {
            event(json.usage(json.completion(), completionTokens).toString());
        }
        event("[DONE]");
        response.end();
    }

    private void event(String data) {
        if (!response.headWritten()) {
            response.setChunked(true)
                    .putHeader("Content-Type", "text/event-stream; charset=utf-8")
                    .putHeader("Cache-Control", "no-cache");
        }
        response.write("data: " + data + "\n\n");
    }

    private void fail(OpenAiError error) {
        if (failed) {
            return;
        }
        failed = true;
        if (response.headWritten()) {
            event(error.json().toString());
            response.end();
        } else {
            OpenAiRoutes.send(response, error.status(), error.json());
        }
    }

    /** One sequence. */
    private final class Choice implements GenerationListener {
        private final int index;
        private final StringBuilder text = new StringBuilder();
        private final List<TokenLogprob> logprobs = new ArrayList<>();
        private GeneratedChunk last;
        private boolean begun;
        private int offset;

        Choice(int index) {
            this.index = index;
        }

        @Override
        public boolean isReady() {
            // What is not streamed is collected here, and bounded by the most tokens of a request.
            return !request.stream() || response.closed() || !response.writeQueueFull();
        }

        @Override
        public void onChunk(GeneratedChunk chunk) {
            if (failed || response.closed()) {
                throw new IllegalStateException("the connection is closed or another choice has failed");
            }
            last = chunk;
            if (request.stream()) {
                ObjectNode completion = json.completion();
                write(completion, chunk.text(), chunk.logprobs());
                event(completion.toString());
            } else {
                text.append(chunk.text());
                logprobs.addAll(chunk.logprobs());
            }
            chunk.finish().ifPresent(finish -> ended(finish.completionTokens()));
        }

        private void write(ObjectNode completion, String more, List<TokenLogprob> moreLogprobs) {
            Prompt prompt = answer.prompt(index);
            boolean echoes = !begun && prompt.echoed();
            begun = true;
            ObjectNode choice = json.choice(completion, index, echoes ? prompt.text() + more : more);
            if (answer.sequences().get(index).logprobs().isPresent()) {
                offset = json.logprobs(choice, echoes ? prompt : null, moreLogprobs, offset);
            }
            last.finish().ifPresent(finish -> CompletionJson.finish(choice, finish));
        }

        @Override
        public void onFailure(Failure failure, String message) {
            if (failure == Failure.SLOW_READER) {
                // One more event would wait behind what is not read, and hold the memory with it.
                failed = true;
                response.reset();
                return;
            }
            fail(OpenAiError.failed(failure, message));
        }
    }
}
