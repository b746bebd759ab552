package io.infinito.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The bytes of every token, read from a {@code tokenizer.json}. An id without a token has none. */
final class Vocabulary {
    private static final Pattern BYTE_TOKEN = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
    private static final char WORD_START = '\u2581';

    private final byte[][] bytesOf;
    private final OptionalInt endOfText;

    private Vocabulary(byte[][] bytesOf, OptionalInt endOfText) {
        this.bytesOf = bytesOf;
        this.endOfText = endOfText;
    }

    /**
     * Reads the tokens.
     *
     * @throws IllegalArgumentException if the JSON is not a tokenizer whose tokens are bytes: one with a byte-level decoder, or one
     *     that writes a space as U+2581
     */
    static Vocabulary parse(byte[] tokenizerJson) {
        JsonNode root;
        try {
            root = new ObjectMapper().readTree(tokenizerJson);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("tokenizer.json is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException("tokenizer.json cannot be read", e);
        }
        JsonNode tokens = root.path("model").path("vocab");
        if (!tokens.isObject() || tokens.isEmpty()) {
            throw new IllegalArgumentException("tokenizer.json: model.vocab must be an object of tokens and their ids");
        }
        JsonNode added = root.path("added_tokens");
        byte[][] bytesOf = new byte[size(tokens, added)][];
        boolean byteLevel = decoderIs(root.path("decoder"), "ByteLevel");
        if (!byteLevel
                && !decoderIs(root.path("decoder"), "Metaspace")
                && !decoderIs(root.path("decoder"), "ByteFallback")) {
            throw new IllegalArgumentException(
                    "tokenizer.json: decoder must be ByteLevel, Metaspace or ByteFallback, not "
                            + root.path("decoder").path("type").asText("missing"));
        }
        for (Map.Entry<String, JsonNode> token : tokens.properties()) {
            bytesOf[id(token.getKey(), token.getValue())] =
                    byteLevel ? byteLevelBytes(token.getKey()) : spacedBytes(token.getKey());
        }
        OptionalInt endOfText = OptionalInt.empty();
        for (JsonNode token : added) {
            String content = token.path("content").asText();
            int id = id(content, token.path("id"));
            // Added tokens are matched in the text as they stand, whatever the decoder.
            bytesOf[id] = content.getBytes(StandardCharsets.UTF_8);
            if (content.equals("<|endoftext|>") || (endOfText.isEmpty() && content.equals("</s>"))) {
                endOfText = OptionalInt.of(id);
            }
        }
        return new Vocabulary(bytesOf, endOfText);
    }

    /** One more than the largest id. */
    int size() {
        return bytesOf.length;
    }

    OptionalInt endOfText() {
        return endOfText;
    }

    boolean contains(int id) {
        return id >= 0 && id < bytesOf.length && bytesOf[id] != null;
    }

    /** The bytes of a token that {@linkplain #contains exists}; not a copy. */
    byte[] bytes(int id) {
        return bytesOf[id];
    }

    private static int size(JsonNode tokens, JsonNode added) {
        int largest = 0;
        for (Map.Entry<String, JsonNode> token : tokens.properties()) {
            largest = Math.max(largest, id(token.getKey(), token.getValue()));
        }
        for (JsonNode token : added) {
            largest = Math.max(largest, id(token.path("content").asText(), token.path("id")));
        }
        return largest + 1;
    }

    private static int id(String token, JsonNode id) {
        if (!id.isInt() || id.intValue() < 0 || id.intValue() >= 1 << 24) {
            throw new IllegalArgumentException(
                    "tokenizer.json: id of token \"" + token + "\" must be an integer from 0 to 16777215, not " + id);
        }
        return id.intValue();
    }

    private static boolean decoderIs(JsonNode decoder, String type) {
        if (decoder.path("type").asText().equals("Sequence")) {
            for (JsonNode part : decoder.path("decoders")) {
                if (decoderIs(part, type)) {
                    return true;
                }
            }
            return false;
        }
        return decoder.path("type").asText().equals(type);
    }

    private static byte[] byteLevelBytes(String token) {
        try {
            return ByteLevel.bytes(token);
        } catch (IllegalArgumentException e) {
            // Special tokens stand in the vocabulary too, in plain text.
            return token.getBytes(StandardCharsets.UTF_8);
        }
    }

    private static byte[] spacedBytes(String token) {
        Matcher byteToken = BYTE_TOKEN.matcher(token);
        return byteToken.matches()
                ? new byte[] {(byte) Integer.parseInt(byteToken.group(1), 16)}
                : token.replace(WORD_START, ' ').getBytes(StandardCharsets.UTF_8);
    }
}
