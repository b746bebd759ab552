package io.infinito.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** Reading and writing of the store's JSON documents, with messages that name the document and the field. */
final class JsonDocument {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final JsonNode root;

    JsonDocument(String name, JsonNode root) {
        this.name = name;
        this.root = root;
    }

    static ObjectNode create() {
        return JSON.createObjectNode();
    }

    static byte[] write(ObjectNode node) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }

    static JsonDocument read(String name, byte[] bytes) {
        try {
            JsonNode root = JSON.readTree(bytes);
            if (root == null || !root.isObject()) {
                throw new IllegalArgumentException(name + " is not a JSON object");
            }
            return new JsonDocument(name, root);
        } catch (IOException e) {
            throw new IllegalArgumentException(name + " is not JSON: " + e.getMessage(), e);
        }
    }

    JsonNode root() {
        return root;
    }

    String text(String field) {
        return required(field).asText();
    }

    int integer(String field) {
        JsonNode value = required(field);
        if (!value.canConvertToInt()) {
            throw new IllegalArgumentException(name + ": field " + field + "=" + value + " must be an integer");
        }
        return value.intValue();
    }

    long number(String field) {
        return required(field).asLong();
    }

    double decimal(String field) {
        JsonNode value = required(field);
        // Infinity and NaN have no JSON number.
        return value.isNumber() ? value.doubleValue() : Double.parseDouble(value.asText());
    }

    boolean flag(String field) {
        return required(field).asBoolean();
    }

    private JsonNode required(String field) {
        JsonNode value = root.get(field);
        if (value == null || value.isNull()) {
            throw new IllegalArgumentException(name + " has no field " + field);
        }
        return value;
    }

    static void putDecimal(ObjectNode node, String field, double value) {
        if (Double.isFinite(value)) {
            node.put(field, value);
        } else {
            node.put(field, String.valueOf(value));
        }
    }
}
