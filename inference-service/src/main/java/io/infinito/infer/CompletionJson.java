package io.infinito.infer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.infer.engine.Finish;
import io.infinito.infer.sampling.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Writes the objects of OpenAI's completions API. */
final class CompletionJson {
    private final Answer answer;
    private final String id;
    private final long created = Instant.now().getEpochSecond();

    CompletionJson(Answer answer) {
        this.answer = answer;
        this.id = "cmpl-" + (answer.requestId().isEmpty() ? UUID.randomUUID().toString() : answer.requestId());
    }

    /** What answers and events have in common, with an empty list of choices. */
    ObjectNode completion() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("id", id)
                .put("object", "text_completion")
                .put("created", created)
                .put("model", answer.model().name())
                .put("system_fingerprint", answer.model().version());
        root.putArray("choices");
        return root;
    }

    /** A choice that has not ended, put into {@code completion}. */
    ObjectNode choice(ObjectNode completion, int index, String text) {
        ObjectNode choice = completion.withArray("choices").addObject();
        choice.put("index", index).put("text", text);
        choice.putNull("logprobs");
        choice.putNull("finish_reason");
        return choice.put("seed", answer.seed(index));
    }

    /** Marks a choice as ended. */
    static void finish(ObjectNode choice, Finish finish) {
        choice.put(
                "finish_reason",
                switch (finish.reason()) {
                    case LENGTH, TIME -> "length";
                    case STOP, EOS -> "stop";
                });
        if (!finish.stopString().isEmpty()) {
            choice.put("stop_reason", finish.stopString());
        } else if (finish.stopTokenId().isPresent()) {
            choice.put("stop_reason", finish.stopTokenId().getAsInt());
        } else {
            choice.putNull("stop_reason");
        }
    }

    /** Puts the usage of the whole answer into {@code completion}. */
    ObjectNode usage(ObjectNode completion, int completionTokens) {
        int promptTokens =
                answer.prompts().stream().mapToInt(p -> p.ids().length).sum();
        completion
                .putObject("usage")
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", completionTokens)
                .put("total_tokens", promptTokens + completionTokens);
        return completion;
    }

    /**
     * Puts log-probabilities into a choice, in the four lists of OpenAI.
     *
     * @param echoed the prompt, if it is part of the text; null if not
     * @param offset where the text of {@code logprobs} starts
     * @return where it ends
     */
    int logprobs(ObjectNode choice, Prompt echoed, List<TokenLogprob> logprobs, int offset) {
        ObjectNode lists = choice.putObject("logprobs");
        ArrayNode tokens = lists.putArray("tokens");
        ArrayNode own = lists.putArray("token_logprobs");
        ArrayNode top = lists.putArray("top_logprobs");
        ArrayNode offsets = lists.putArray("text_offset");
        int at = offset;
        if (echoed != null) {
            String first = token(echoed.ids()[0]);
            tokens.add(first);
            own.addNull();
            top.addNull();
            offsets.add(at);
            at += first.length();
            at = add(echoed.logprobs(), lists, at);
        }
        return add(logprobs, lists, at);
    }

    private int add(List<TokenLogprob> logprobs, ObjectNode lists, int offset) {
        int at = offset;
        for (TokenLogprob logprob : logprobs) {
            String token = token(logprob.id());
            lists.withArray("tokens").add(token);
            lists.withArray("token_logprobs").add(logprob.logprob());
            lists.withArray("text_offset").add(at);
            ObjectNode likeliest = lists.withArray("top_logprobs").addObject();
            logprob.top().forEach(t -> likeliest.put(token(t.id()), t.logprob()));
            likeliest.put(token, logprob.logprob());
            at += token.length();
        }
        return at;
    }

    /** Its text, or its bytes where they are no whole characters. */
    private String token(int id) {
        byte[] bytes = answer.vocabulary().bytes(id);
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        StringBuilder escaped = new StringBuilder("bytes:");
        for (byte b : bytes) {
            escaped.append("\\x%02x".formatted(b));
        }
        return escaped.toString();
    }
}
