package io.infinito.infer.model;

import io.infinito.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/** A byte-level tokenizer without merges: ids 0 to 255 are bytes, 256 ends a text. Characters beyond ASCII span tokens. */
public final class TinyTokenizer {
    /** The id that ends a text. */
    public static final int END_OF_TEXT = 256;

    /** One more than the largest id. */
    public static final int VOCABULARY = 257;

    private TinyTokenizer() {}

    /** The document. */
    public static byte[] json() {
        StringBuilder vocabulary = new StringBuilder();
        int shifted = 256;
        for (int b = 0; b < 256; b++) {
            // Bytes that are no printable Latin-1 letter are written as letters from U+0100 on.
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            char letter = (char) (printable ? b : shifted++);
            String quoted = letter == '"' || letter == '\\' ? "\\" + letter : String.valueOf(letter);
            vocabulary.append('"').append(quoted).append("\":").append(b).append(',');
        }
        return """
                {"version":"1.0","truncation":null,"padding":null,
                "added_tokens":[{"id":256,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
                "normalizer":null,
                "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
                "post_processor":null,
                "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
                "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
                "vocab":{%s"<|endoftext|>":256},"merges":[]}}
                """.formatted(vocabulary).getBytes(StandardCharsets.UTF_8);
    }

    /** Loaded; the caller closes it. */
    public static Tokenizer load() {
        return Tokenizer.fromJson(json());
    }
}
