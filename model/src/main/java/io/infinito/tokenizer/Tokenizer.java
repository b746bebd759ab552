package io.infinito.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A HuggingFace {@code tokenizer.json}: text to ids and back. Nothing is added (no special tokens, no padding) and nothing cut off.
 * A special token that is written out in the text, such as {@code <|endoftext|>}, becomes its one id, as with HuggingFace's library;
 * text from strangers that must not do so has to be cleaned before. Safe for use by several threads. Holds native memory until closed.
 */
public final class Tokenizer implements AutoCloseable {
    private static final Map<String, String> OPTIONS =
            Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

    private final byte[] json;
    private final Vocabulary vocabulary;
    private final HuggingFaceTokenizer tokenizer;
    /** How many of those that share the native memory are not closed. */
    private final AtomicInteger open;

    private final AtomicBoolean closed = new AtomicBoolean();

    private Tokenizer(Tokenizer other) {
        this.json = other.json;
        this.vocabulary = other.vocabulary;
        this.tokenizer = other.tokenizer;
        this.open = other.open;
    }

    private Tokenizer(byte[] json) {
        this.json = json;
        this.open = new AtomicInteger(1);
        this.vocabulary = Vocabulary.parse(json);
        try {
            this.tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("tokenizer.json is not a HuggingFace tokenizer: " + e.getMessage(), e);
        }
    }

    /** GPT-2's: 50,257 ids, of which 50,256 is the end of text. */
    public static Tokenizer gpt2() {
        return new Tokenizer(Vocabulary.gpt2Json());
    }

    /**
     * The tokenizer in a file.
     *
     * @throws IOException if the file cannot be read
     * @throws IllegalArgumentException if it is not a tokenizer
     */
    public static Tokenizer fromFile(Path file) throws IOException {
        return new Tokenizer(Files.readAllBytes(file));
    }

    /**
     * The tokenizer that {@link #json} gave.
     *
     * @throws IllegalArgumentException if it is not a tokenizer
     */
    public static Tokenizer fromJson(byte[] json) {
        return new Tokenizer(json.clone());
    }

    /** The ids of {@code text}; none of an empty text. */
    public int[] encode(String text) {
        if (text.isEmpty()) {
            return new int[0];
        }
        long[] ids = tokenizer.encode(text, false, false).getIds();
        int[] narrow = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            narrow[i] = Math.toIntExact(ids[i]);
        }
        return narrow;
    }

    /**
     * The text of {@code ids}, special tokens written out. Bytes that are not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary
     */
    public String decode(int[] ids) {
        return vocabulary.decode(ids);
    }

    /**
     * The bytes that one token stands for; they may end inside of a UTF-8 character.
     *
     * @throws IllegalArgumentException if the id is not in the vocabulary
     */
    public byte[] bytes(int id) {
        return vocabulary.bytes(id);
    }

    /** Whether {@code id} is one of a token. */
    public boolean contains(int id) {
        return vocabulary.contains(id);
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** No token stands for more bytes: a text has at least its length divided by this many tokens. */
    public int longestTokenBytes() {
        return vocabulary.longestTokenBytes();
    }

    /** The id that ends a text, where there is one ({@code <|endoftext|>} or {@code </s>}). */
    public OptionalInt endOfText() {
        return vocabulary.endOfText();
    }

    /** SHA-256 of the {@code tokenizer.json}, lower-case hex: equal hashes give equal ids. */
    public String sha256() {
        return vocabulary.sha256();
    }

    /** The bytes of its tokens, which outlive the tokenizer and need no native memory. */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** Where a text may be cut without a change of the ids. */
    public CutRule cutRule() {
        return vocabulary.cutRule();
    }

    /** A copy of the {@code tokenizer.json}. */
    public byte[] json() {
        return json.clone();
    }

    /**
     * The same tokenizer for somebody else, who closes it; nothing is parsed again.
     *
     * @throws IllegalStateException if this one is closed
     */
    public Tokenizer share() {
        if (closed.get() || open.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new IllegalStateException("the tokenizer is closed");
        }
        return new Tokenizer(this);
    }

    /** Frees the native memory, if nobody else {@link #share}s it. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && open.decrementAndGet() == 0) {
            tokenizer.close();
        }
    }
}
