package io.infinito.tokenize;

import io.infinito.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizers that have been asked for, each loaded once: {@code gpt2}, or the path of a {@code tokenizer.json}. A file that changes
 * later is read again by a new process only, so that one process never mixes two versions.
 */
public final class TokenizerCatalog implements AutoCloseable {
    /** The name of the built-in tokenizer. */
    public static final String GPT2 = "gpt2";

    private static final long MAX_FILE_BYTES = 256L << 20;

    private final String defaultName;
    private final Map<String, Tokenizer> tokenizers = new ConcurrentHashMap<>();

    /**
     * Loads the default tokenizer.
     *
     * @throws UnusableTokenizerException if it cannot be loaded
     */
    public TokenizerCatalog(String defaultName) {
        this.defaultName = defaultName;
        get(defaultName);
    }

    /**
     * The tokenizer of a request.
     *
     * @param name empty for the default
     * @throws UnusableTokenizerException if it is unknown or cannot be loaded
     */
    public Tokenizer get(String name) {
        return tokenizers.computeIfAbsent(name.isEmpty() ? defaultName : name, TokenizerCatalog::load);
    }

    /** Whether a name stands for the built-in GPT-2. */
    boolean isGpt2(String name) {
        return (name.isEmpty() ? defaultName : name).equals(GPT2);
    }

    /** What an empty name stands for. */
    public String defaultName() {
        return defaultName;
    }

    @Override
    public void close() {
        tokenizers.values().forEach(Tokenizer::close);
    }

    private static Tokenizer load(String name) {
        if (name.equals(GPT2)) {
            return Tokenizer.gpt2();
        }
        Path file = file(name);
        try {
            return Tokenizer.fromFile(file);
        } catch (IOException e) {
            throw refused(name, "the file cannot be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw refused(name, e.getMessage(), e);
        }
    }

    private static Path file(String name) {
        try {
            Path file = Path.of(name);
            if (Files.isRegularFile(file) && Files.size(file) <= MAX_FILE_BYTES) {
                return file;
            }
        } catch (InvalidPathException | IOException e) {
            throw refused(name, "the file cannot be read: " + e.getMessage(), e);
        }
        throw refused(
                name,
                "expected \"gpt2\" or the path of a tokenizer.json of at most 256 MiB that the tokenizer service can read",
                null);
    }

    private static UnusableTokenizerException refused(String name, String why, Throwable cause) {
        return new UnusableTokenizerException("tokenizer: \"" + name + "\": " + why, cause);
    }
}
