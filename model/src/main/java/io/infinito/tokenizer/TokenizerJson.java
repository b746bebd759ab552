package io.infinito.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/** The document {@code tokenizer.json} as a tree. */
final class TokenizerJson {
    /** Tokens are names of fields, each once: collecting and interning them, for names that come again, is most of the time of reading. */
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build());

    private TokenizerJson() {}

    /** @throws IllegalArgumentException if it is not JSON */
    static JsonNode read(byte[] tokenizerJson) {
        try {
            return MAPPER.readTree(tokenizerJson);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("tokenizer.json is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException("tokenizer.json cannot be read", e);
        }
    }
}
