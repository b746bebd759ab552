package io.infinito.infer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.infer.engine.GenerationListener.Failure;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A refusal as OpenAI's clients read it.
 *
 * @param status of HTTP
 * @param type of OpenAI
 * @param code of OpenAI; null for none
 * @param param the field; null if it is none
 */
record OpenAiError(int status, String type, String code, String param, String message) {
    private static final Pattern FIELD = Pattern.compile("^[a-z_-]+(?:\\.[a-z_]+)?");

    /** A field out of its bounds: the first word of the message is its name. */
    static OpenAiError invalid(String message) {
        // These are the names of the messages that a body is read into.
        String renamed = message.replaceAll("\\b(?:sampling|stopping)\\.", "")
                .replaceAll("\\b(max|min)_new_tokens\\b", "$1_tokens")
                .replaceAll("^(?:text|token_ids(?:\\.ids)?)\\b", "prompt");
        Matcher field = FIELD.matcher(renamed);
        return new OpenAiError(400, "invalid_request_error", null, field.find() ? field.group() : null, renamed);
    }

    static OpenAiError unavailable(ModelUnavailableException e) {
        return e.known()
                ? new OpenAiError(503, "server_error", "model_not_loaded", "model", e.getMessage())
                : new OpenAiError(404, "invalid_request_error", "model_not_found", "model", e.getMessage());
    }

    static OpenAiError full(String message) {
        return new OpenAiError(429, "rate_limit_error", "rate_limit_exceeded", null, message);
    }

    static OpenAiError failed(Failure failure, String message) {
        return switch (failure) {
            case DEADLINE -> new OpenAiError(504, "server_error", "timeout", null, message);
            case SLOW_READER -> full(message);
            case SHUTDOWN -> new OpenAiError(503, "server_error", "shutdown", null, message);
            case INTERNAL -> new OpenAiError(500, "server_error", null, null, message);
        };
    }

    ObjectNode json() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.putObject("error")
                .put("message", message)
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return root;
    }
}
