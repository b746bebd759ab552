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

    private static final String[] HARD_PARTS = {
        "<|endoftext|>",
        "|>",
        "<",
        "\u2028",
        "\u2029",
        "\u3000",
        "\u1680",
        "\u202f",
        "\u000b",
        "\f",
        "\r",
        " \u00a0 ",
        "\n \n\t ",
        "'S",
        "'LL",
        "'re",
        "'ve",
        "'m",
        "'d",
        "'t",
        "''s",
        " 's",
        "\u2019s",
        "\u0661\u0662",
        "\u0967\u0968",
        "\ud835\udfd8",
        "\u4e00\u4e8c\u3007",
        "\ud83c\uddea\ud83c\uddfa",
        "\ud83d\udc68\ud83c\udffd\u200d\ud83d\ude80",
        "z\u0335\u0321\u0322",
        "\u0915\u094d\u0937",
        "\u1100\u1161\u11a8",
        "\ue000",
        "\uffff",
        "\u0378",
        "\u1c89",
        "\ud803\udd40",
        "\u007f"
    };

    private RandomText() {}

    /** Text in which everything may occur: also long words, long runs, unassigned code points, and the end-of-text token. */
    static String ofAll(Random random, int parts) {
        StringBuilder text = new StringBuilder();
        int script = random.nextInt(0x323);
        for (int i = 0; i < parts; i++) {
            switch (random.nextInt(8)) {
                case 0, 1 -> text.append(HARD_PARTS[random.nextInt(HARD_PARTS.length)]);
                case 2 ->
                    text.append(PARTS[random.nextInt(PARTS.length)].repeat(
                            1 + random.nextInt(random.nextInt(20) == 0 ? 120 : 3)));
                case 3 -> text.appendCodePoint(scalar(random.nextInt(Character.MAX_CODE_POINT + 1)));
                case 4 -> {
                    for (int letters = random.nextInt(12); letters >= 0; letters--) {
                        text.appendCodePoint(scalar(script << 8 | random.nextInt(256)));
                    }
                }
                case 5 -> {
                    text.append(random.nextBoolean() ? " " : "");
                    for (int letters = random.nextInt(random.nextInt(10) == 0 ? 300 : 18); letters >= 0; letters--) {
                        text.append((char) ('a' + random.nextInt(26)));
                    }
                }
                default -> text.append(PARTS[random.nextInt(PARTS.length)]);
            }
        }
        return text.toString();
    }

    private static int scalar(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE ? 'x' : codePoint;
    }

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
