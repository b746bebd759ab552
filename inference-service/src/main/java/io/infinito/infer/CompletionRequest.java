package io.infinito.infer;

import com.fasterxml.jackson.databind.JsonNode;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import io.infinito.inference.v1.TokenIds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A body of OpenAI's {@code /v1/completions}, with vLLM's further fields, as the messages that gRPC has. What it does not say has the
 * value that OpenAI documents, which is not always this service's.
 *
 * @param prompts one message for each prompt
 * @param user whose request it is, if the body says so
 * @param stream whether the answer comes as events
 * @param usageEvent whether one more event has the usage
 */
record CompletionRequest(List<GenerateRequest> prompts, Optional<String> user, boolean stream, boolean usageEvent) {
    private static final int DEFAULT_MAX_TOKENS = 16;
    private static final int MAX_LOGPROBS = 5;

    /**
     * Reads a body. Fields of no meaning here, such as {@code store}, are passed over.
     *
     * @throws IllegalArgumentException naming the field that is of another type or not supported
     */
    static CompletionRequest read(JsonNode body) {
        if (!body.isObject()) {
            throw new IllegalArgumentException("body must be a JSON object");
        }
        JsonNode bestOf = body.path("best_of");
        if (!absent(bestOf) && !bestOf.equals(body.path("n")) && integer(bestOf, "best_of") != 1) {
            throw new IllegalArgumentException("best_of=" + bestOf + " is not supported; leave it out and use n");
        }
        if (!absent(body.path("suffix")) && !body.path("suffix").asText().isEmpty()) {
            throw new IllegalArgumentException("suffix is not supported; leave it out");
        }
        GenerateRequest.Builder shared =
                GenerateRequest.newBuilder().setSampling(sampling(body)).setStopping(stopping(body));
        with(body, "model", node -> shared.setModel(text(node, "model")));
        with(body, "request_id", node -> shared.setRequestId(text(node, "request_id")));
        with(body, "echo", node -> shared.setEcho(flag(node, "echo")));
        with(body, "truncate_prompt", node -> shared.setTruncatePrompt(flag(node, "truncate_prompt")));
        JsonNode options = body.path("stream_options");
        return new CompletionRequest(
                prompts(body.path("prompt"), shared),
                absent(body.path("user")) ? Optional.empty() : Optional.of(text(body.path("user"), "user")),
                !absent(body.path("stream")) && flag(body.path("stream"), "stream"),
                !absent(options.path("include_usage"))
                        && flag(options.path("include_usage"), "stream_options.include_usage"));
    }

    private static SamplingParams sampling(JsonNode body) {
        SamplingParams.Builder sampling =
                SamplingParams.newBuilder().setTemperature(1).setTopP(1).setTopK(0);
        with(body, "temperature", node -> sampling.setTemperature(number(node, "temperature")));
        with(body, "top_p", node -> sampling.setTopP(number(node, "top_p")));
        // vLLM's way to say all.
        with(body, "top_k", node -> {
            int count = integer(node, "top_k");
            sampling.setTopK(count == -1 ? 0 : count);
        });
        with(body, "min_p", node -> sampling.setMinP(number(node, "min_p")));
        with(body, "typical_p", node -> sampling.setTypicalP(number(node, "typical_p")));
        with(body, "repetition_penalty", node -> sampling.setRepetitionPenalty(number(node, "repetition_penalty")));
        with(body, "repetition_window", node -> sampling.setRepetitionWindow(integer(node, "repetition_window")));
        with(body, "presence_penalty", node -> sampling.setPresencePenalty(number(node, "presence_penalty")));
        with(body, "frequency_penalty", node -> sampling.setFrequencyPenalty(number(node, "frequency_penalty")));
        with(body, "n", node -> sampling.setN(integer(node, "n")));
        with(body, "seed", node -> sampling.setSeed(seed(node)));
        with(body, "logit_bias", node -> bias(node, sampling));
        with(body, "logprobs", node -> {
            int count = integer(node, "logprobs");
            if (count < 0 || count > MAX_LOGPROBS) {
                throw new IllegalArgumentException("logprobs=" + count + " must be from 0 to " + MAX_LOGPROBS);
            }
            sampling.setLogprobs(count);
            if (body.path("echo").asBoolean()) {
                sampling.setPromptLogprobs(count);
            }
        });
        return sampling.build();
    }

    private static StoppingCriteria stopping(JsonNode body) {
        StoppingCriteria.Builder stopping = StoppingCriteria.newBuilder().setMaxNewTokens(DEFAULT_MAX_TOKENS);
        with(body, "max_tokens", node -> stopping.setMaxNewTokens(integer(node, "max_tokens")));
        with(body, "min_tokens", node -> stopping.setMinNewTokens(integer(node, "min_tokens")));
        with(body, "ignore_eos", node -> stopping.setIgnoreEos(flag(node, "ignore_eos")));
        with(
                body,
                "include_stop_str_in_output",
                node -> stopping.setIncludeStop(flag(node, "include_stop_str_in_output")));
        with(body, "time_limit_ms", node -> stopping.setTimeLimitMs(integer(node, "time_limit_ms")));
        with(body, "stop_token_ids", node -> {
            for (JsonNode id : array(node, "stop_token_ids")) {
                stopping.addStopTokenIds(integer(id, "stop_token_ids"));
            }
        });
        with(body, "stop", node -> {
            for (JsonNode stop : node.isTextual() ? List.of(node) : array(node, "stop")) {
                stopping.addStop(text(stop, "stop"));
            }
        });
        return stopping.build();
    }

    private static List<GenerateRequest> prompts(JsonNode prompt, GenerateRequest.Builder shared) {
        if (absent(prompt)) {
            throw new IllegalArgumentException("prompt is missing; give a text, token ids, or a list of either");
        }
        boolean single = prompt.isTextual()
                || (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isNumber());
        List<GenerateRequest> messages = new ArrayList<>();
        for (JsonNode one : single ? List.of(prompt) : array(prompt, "prompt")) {
            GenerateRequest.Builder message = shared.clone();
            if (one.isTextual()) {
                message.setText(one.textValue());
            } else {
                TokenIds.Builder ids = TokenIds.newBuilder();
                for (JsonNode id : array(one, "prompt")) {
                    ids.addIds(integer(id, "prompt"));
                }
                message.setTokenIds(ids);
            }
            messages.add(message.build());
        }
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("prompt is empty; give at least one text");
        }
        return messages;
    }

    private static void bias(JsonNode node, SamplingParams.Builder sampling) {
        if (!node.isObject()) {
            throw wrong("logit_bias", "an object of token ids and numbers", node);
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            try {
                sampling.putLogitBias(Integer.parseUnsignedInt(entry.getKey()), number(entry.getValue(), "logit_bias"));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("logit_bias: '" + entry.getKey() + "' must be a token id", e);
            }
        }
    }

    private static void with(JsonNode body, String field, Consumer<JsonNode> reader) {
        if (!absent(body.path(field))) {
            reader.accept(body.path(field));
        }
    }

    private static boolean absent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    private static Iterable<JsonNode> array(JsonNode node, String field) {
        if (!node.isArray()) {
            throw wrong(field, "a list", node);
        }
        return node;
    }

    private static String text(JsonNode node, String field) {
        if (!node.isTextual()) {
            throw wrong(field, "a text", node);
        }
        return node.textValue();
    }

    private static boolean flag(JsonNode node, String field) {
        if (!node.isBoolean()) {
            throw wrong(field, "true or false", node);
        }
        return node.booleanValue();
    }

    private static float number(JsonNode node, String field) {
        if (!node.isNumber()) {
            throw wrong(field, "a number", node);
        }
        return node.floatValue();
    }

    private static int integer(JsonNode node, String field) {
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw wrong(field, "an integer of 32 bits", node);
        }
        return node.intValue();
    }

    private static long seed(JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
            throw wrong("seed", "an integer from 0 to " + Long.MAX_VALUE, node);
        }
        return node.longValue();
    }

    private static IllegalArgumentException wrong(String field, String expected, JsonNode node) {
        String found = node.toString();
        return new IllegalArgumentException(field + " must be " + expected + ", not "
                + (found.length() > 80 ? found.substring(0, 80) + "..." : found));
    }
}
