package io.infinito.standalone.stack;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A {@code tokenizer.json} of 256 bytes and an end of text: with so few rows in the embedding a step takes milliseconds. */
final class ByteTokenizer {
    private static final int BYTES = 256;

    private ByteTokenizer() {}

    static String json() {
        String vocabulary = IntStream.range(0, BYTES)
                .mapToObj(id -> "\"" + quoted(letter(id)) + "\":" + id)
                .collect(Collectors.joining(","));
        return """
                {"version":"1.0","truncation":null,"padding":null,
                "added_tokens":[{"id":%d,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
                "normalizer":null,
                "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
                "post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true},
                "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
                "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
                "vocab":{%s,"<|endoftext|>":%d},"merges":[]}}
                """.formatted(BYTES, vocabulary, BYTES);
    }

    /** GPT-2's letter for a byte: its own where that can be seen, else the next one from 256 on. */
    private static char letter(int id) {
        return isVisible(id)
                ? (char) id
                : (char) (BYTES
                        + IntStream.range(0, id)
                                .filter(other -> !isVisible(other))
                                .count());
    }

    private static boolean isVisible(int id) {
        return (id >= '!' && id <= '~') || (id >= 0xa1 && id <= 0xac) || id >= 0xae;
    }

    private static String quoted(char letter) {
        return letter == '"' || letter == '\\' ? "\\" + letter : String.valueOf(letter);
    }
}
