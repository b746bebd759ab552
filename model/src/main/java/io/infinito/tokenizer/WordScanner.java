package io.infinito.tokenizer;

/**
 * GPT-2's pre-tokenizer on UTF-8, by hand: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. Bytes that
 * are not UTF-8 count as visible characters.
 *
 * <p>Most words of most texts are short and of ASCII letters; their end is found from 16 bytes at once, without a loop.
 */
final class WordScanner {
    private static final byte[] ASCII_CLASS = new byte[0x80];

    static {
        for (int i = 0; i < ASCII_CLASS.length; i++) {
            ASCII_CLASS[i] = CharacterClass.of(i);
        }
    }

    /** Bytes that {@link #easyWordEnd} looks at. */
    static final int WINDOW = 2 * Long.BYTES;

    private WordScanner() {}

    /**
     * Where the word that starts at {@code from} ends, if it is an easy one: of ASCII letters, perhaps after a space, and ended within 16
     * bytes by another ASCII character; else {@code from}. At least 16 bytes must be there.
     */
    static int easyWordEnd(byte[] text, int from) {
        int spaces = text[from] == ' ' ? 1 : 0;
        int length = lettersFrom(Utf8.bytesAt(text, from), Utf8.bytesAt(text, from + Long.BYTES), spaces);
        return length > spaces && length < WINDOW && text[from + length] >= 0 ? from + length : from;
    }

    /** How many of 16 bytes come before the first that is no ASCII letter; {@code spaces} 1 lets the first be anything. */
    private static int lettersFrom(long low, long high, int spaces) {
        long others = ~(letters(low) | (long) spaces << 7) & Utf8.HIGH_BITS;
        if (others != 0) {
            return Long.numberOfTrailingZeros(others) >>> 3;
        }
        return Long.BYTES + (Long.numberOfTrailingZeros(~letters(high) & Utf8.HIGH_BITS) >>> 3);
    }

    /** The high bit of each byte that is an ASCII letter. */
    private static long letters(long bytes) {
        long lowerCase = (bytes | 0x20 * Utf8.ONES) & 0x7F * Utf8.ONES;
        long fromA = lowerCase + (0x80 - 'a') * Utf8.ONES;
        long afterZ = lowerCase + (0x80 - 'z' - 1) * Utf8.ONES;
        return fromA & ~afterZ & ~bytes & Utf8.HIGH_BITS;
    }

    /** Where the word that starts at {@code from} ends. */
    static int wordEnd(byte[] text, int from, int to) {
        byte first = text[from];
        int start = from;
        if (first == ' ') {
            start = Math.min(from + 1, to - 1);
        } else if (first == '\'') {
            int length = contractionLength(text, from + 1, to);
            if (length > 0) {
                return from + 1 + length;
            }
        }
        byte kind = classAt(text, start, to);
        return kind == CharacterClass.WHITESPACE ? whitespaceEnd(text, from, to) : runEnd(text, start, to, kind);
    }

    /** A word takes the last space before it; other whitespace there stands alone. */
    private static int whitespaceEnd(byte[] text, int from, int to) {
        int last = from;
        int end = from + width(text, from, to);
        while (end < to && classAt(text, end, to) == CharacterClass.WHITESPACE) {
            last = end;
            end += width(text, end, to);
        }
        return end == to || last == from ? end : last;
    }

    private static int runEnd(byte[] text, int from, int to, byte kind) {
        int at = from;
        while (at < to) {
            byte value = text[at];
            if (value >= 0) {
                if (ASCII_CLASS[value] != kind) {
                    return at;
                }
                at++;
            } else {
                if (classAt(text, at, to) != kind) {
                    return at;
                }
                at += width(text, at, to);
            }
        }
        return to;
    }

    private static byte classAt(byte[] text, int at, int to) {
        int lead = text[at];
        if (lead >= 0) {
            return ASCII_CLASS[lead];
        }
        int codePoint = switch (width(text, at, to)) {
            case 2 -> (lead & 0x1F) << 6 | next(text, at + 1);
            case 3 -> (lead & 0xF) << 12 | next(text, at + 1) << 6 | next(text, at + 2);
            case 4 -> (lead & 0x7) << 18 | next(text, at + 1) << 12 | next(text, at + 2) << 6 | next(text, at + 3);
            default -> Character.MAX_CODE_POINT;
        };
        return codePoint <= Character.MAX_CODE_POINT ? CharacterClass.of(codePoint) : CharacterClass.OTHER;
    }

    /** What a byte after the first adds to a code point. */
    private static int next(byte[] text, int at) {
        return text[at] & 0x3F;
    }

    private static int width(byte[] text, int at, int to) {
        int lead = text[at];
        int width = lead >= (byte) 0xF0 ? 4 : lead >= (byte) 0xE0 ? 3 : 2;
        return lead >= 0 || lead < (byte) 0xC0 || at + width > to ? 1 : width;
    }

    private static int contractionLength(byte[] text, int at, int to) {
        if (at >= to) {
            return 0;
        }
        int second = at + 1 < to ? text[at + 1] : 0;
        return switch (text[at]) {
            case 's', 't', 'm', 'd' -> 1;
            case 'r', 'v' -> second == 'e' ? 2 : 0;
            case 'l' -> second == 'l' ? 2 : 0;
            default -> 0;
        };
    }
}
