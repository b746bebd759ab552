package io.infinito.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The bytes of every token, read from a {@code tokenizer.json}: ids to text without native code. An id may be without a token. Immutable.
 */
public final class Vocabulary {
    private static final String GPT2_JSON = "gpt2/tokenizer.json";
    private static final Pattern BYTE_TOKEN = Pattern.compile("<0x([0-9A-Fa-f]{2})>");
    private static final char WORD_START = '\u2581';

    private final byte[][] bytesOf;
    private final int longestTokenBytes;
    private final OptionalInt endOfText;
    private final CutRule cutRule;
    private final String sha256;

    private Vocabulary(byte[][] bytesOf, OptionalInt endOfText, CutRule cutRule, String sha256) {
        this.bytesOf = bytesOf;
        this.longestTokenBytes = Arrays.stream(bytesOf)
                .filter(Objects::nonNull)
                .mapToInt(bytes -> bytes.length)
                .max()
                .orElse(1);
        this.endOfText = endOfText;
        this.cutRule = cutRule;
        this.sha256 = sha256;
    }

    /** GPT-2's: 50,257 ids, of which 50,256 is the end of text. */
    public static Vocabulary gpt2() {
        return parse(gpt2Json());
    }

    /**
     * Reads the tokens of a {@code tokenizer.json}.
     *
     * @throws IllegalArgumentException if the JSON is not a tokenizer whose tokens are bytes: one with a byte-level decoder, or one
     *     that writes a space as U+2581
     */
    public static Vocabulary parse(byte[] tokenizerJson) {
        JsonNode root = TokenizerJson.read(tokenizerJson);
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
        return new Vocabulary(bytesOf, endOfText, CutRule.of(root), sha256Hex(tokenizerJson));
    }

    /**
     * The text of {@code ids}, special tokens written out. Bytes that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary
     */
    public String decode(int[] ids) {
        StreamingDecoder decoder = new StreamingDecoder(this);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.append(id));
        }
        return text.append(decoder.flush()).toString();
    }

    /**
     * The bytes that one token stands for; they may end inside of a UTF-8 character.
     *
     * @throws IllegalArgumentException if the id is not in the vocabulary
     */
    public byte[] bytes(int id) {
        return require(id).clone();
    }

    /** The bytes of one token; not a copy. */
    byte[] require(int id) {
        if (!contains(id)) {
            throw new IllegalArgumentException(
                    "ids: " + Integer.toUnsignedString(id) + " is not in the vocabulary of " + size());
        }
        return bytesOf[id];
    }

    /** One more than the largest id. */
    public int size() {
        return bytesOf.length;
    }

    /** Whether {@code id} is one of a token. */
    public boolean contains(int id) {
        return id >= 0 && id < bytesOf.length && bytesOf[id] != null;
    }

    /** No token stands for more bytes. */
    public int longestTokenBytes() {
        return longestTokenBytes;
    }

    /** The id that ends a text, where there is one ({@code <|endoftext|>} or {@code </s>}). */
    public OptionalInt endOfText() {
        return endOfText;
    }

    /** Where a text may be cut without a change of this tokenizer's ids. */
    public CutRule cutRule() {
        return cutRule;
    }

    /** SHA-256 of the {@code tokenizer.json}, lower-case hex: equal hashes give equal ids. */
    public String sha256() {
        return sha256;
    }

    /** The {@code tokenizer.json} of GPT-2 that the build makes. */
    static byte[] gpt2Json() {
        try (InputStream resource = Vocabulary.class.getResourceAsStream(GPT2_JSON)) {
            if (resource == null) {
                throw new IllegalStateException(
                        GPT2_JSON + " is not beside " + Vocabulary.class + ": the build makes it");
            }
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256Hex(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
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
