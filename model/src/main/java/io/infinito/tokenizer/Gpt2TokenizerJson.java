package io.infinito.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes GPT-2's {@code tokenizer.json}. Run by the build, not by the services: the ranks come from jtokkit's jar, which is on the
 * compile class path only. A byte pair encoding's ranks determine its merges: the last merge that makes a token joins the two parts
 * which the merges of lower rank leave of it.
 */
public final class Gpt2TokenizerJson {
    private static final String RANKS = "/com/knuddels/jtokkit/r50k_base.tiktoken";
    private static final int RANKED_TOKENS = 50_256;
    private static final String END_OF_TEXT = "<|endoftext|>";

    private Gpt2TokenizerJson() {}

    /** Writes to the file named by the only argument. */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        Files.createDirectories(file.getParent());
        Files.writeString(file, json(readRanks()));
    }

    private static String json(List<byte[]> tokens) {
        StringBuilder vocabulary = new StringBuilder();
        for (int id = 0; id < tokens.size(); id++) {
            vocabulary
                    .append(quote(ByteLevel.letters(tokens.get(id))))
                    .append(':')
                    .append(id)
                    .append(',');
        }
        vocabulary.append(quote(END_OF_TEXT)).append(':').append(tokens.size());
        return """
                {"version":"1.0","truncation":null,"padding":null,
                "added_tokens":[{"id":%d,"content":%s,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
                "normalizer":null,
                "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
                "post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true},
                "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
                "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
                "vocab":{%s},
                "merges":[%s]}}
                """.formatted(tokens.size(), quote(END_OF_TEXT), vocabulary, String.join(",", merges(tokens)));
    }

    /** The merges in order of rank, as JSON strings. */
    private static List<String> merges(List<byte[]> tokens) {
        Map<String, Integer> ranks = new HashMap<>();
        for (int rank = 0; rank < tokens.size(); rank++) {
            ranks.put(ByteLevel.letters(tokens.get(rank)), rank);
        }
        List<String> merges = new ArrayList<>();
        for (int rank = ByteLevel.BYTES; rank < tokens.size(); rank++) {
            String token = ByteLevel.letters(tokens.get(rank));
            List<String> parts = new ArrayList<>();
            token.chars().forEach(letter -> parts.add(Character.toString(letter)));
            while (parts.size() > 2) {
                mergeLowest(parts, ranks, rank);
            }
            merges.add(quote(parts.get(0) + " " + parts.get(1)));
        }
        return merges;
    }

    private static void mergeLowest(List<String> parts, Map<String, Integer> ranks, int below) {
        int lowest = below;
        int at = -1;
        for (int i = 0; i + 1 < parts.size(); i++) {
            int rank = ranks.getOrDefault(parts.get(i) + parts.get(i + 1), below);
            if (rank < lowest) {
                lowest = rank;
                at = i;
            }
        }
        if (at < 0) {
            throw new IllegalStateException(RANKS + ": token " + below + " is not made of tokens before it");
        }
        parts.set(at, parts.get(at) + parts.remove(at + 1));
    }

    private static List<byte[]> readRanks() throws IOException {
        try (InputStream ranks = Gpt2TokenizerJson.class.getResourceAsStream(RANKS)) {
            if (ranks == null) {
                throw new IOException(RANKS + " is not on the class path: it comes with jtokkit");
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(ranks, StandardCharsets.US_ASCII));
            List<byte[]> tokens = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int space = line.indexOf(' ');
                if (space < 0 || Integer.parseInt(line.substring(space + 1)) != tokens.size()) {
                    throw new IOException(RANKS + ": line " + (tokens.size() + 1) + " is not the next rank: " + line);
                }
                tokens.add(Base64.getDecoder().decode(line.substring(0, space)));
            }
            if (tokens.size() != RANKED_TOKENS) {
                throw new IOException(RANKS + ": " + tokens.size() + " ranks instead of " + RANKED_TOKENS);
            }
            return tokens;
        }
    }

    /** Every letter of a byte-level token is printable, so that two characters only need care. */
    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
