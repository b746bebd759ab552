package io.infinito.tokenizer;

import java.util.Random;

/** Text of characters that tokenizers stumble over: every kind of space, contractions, marks, scripts, emoji, controls. */
final class RandomText {
    private static final String[] PARTS = {
        " ",
        " ",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "\u00a0",
        "\u2003",
        "\u0085",
        "\u200b",
        "\u180e",
        "\u001c",
        "\ufeff",
        "a",
        "the",
        "It",
        "'s",
        "'ll",
        "'",
        "won't",
        "1",
        "2026",
        ".",
        "...",
        "!?",
        "=",
        "-",
        "ß",
        "é",
        "e\u0301",
        "привет",
        "日本語",
        "한국",
        "ไทย",
        "ع",
        "\u200f",
        "🙂",
        "👩‍👩‍👧",
        "𝒳",
        "<|endoftext",
        "|>",
        "\u0000",
        "ﬁ",
        "½",
        "Ⅷ",
        "²"
    };

    private RandomText() {}

    static String of(Random random, int parts) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < parts; i++) {
            int choice = random.nextInt(PARTS.length + 4);
            if (choice < PARTS.length) {
                text.append(PARTS[choice]);
            } else {
                int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
                boolean surrogate = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
                text.appendCodePoint(surrogate || !Character.isDefined(codePoint) ? 'x' : codePoint);
            }
        }
        // The one string on which implementations differ by design.
        return text.toString().replace("<|endoftext|>", "");
    }
}
