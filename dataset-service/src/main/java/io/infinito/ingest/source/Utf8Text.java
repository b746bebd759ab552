package io.infinito.ingest.source;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Makes strings of UTF-8, and settles what becomes of bytes that are none.
 *
 * @param label what messages call the file
 */
record Utf8Text(String label, EncodingErrors errors) {
    private static final char REPLACEMENT = '\uFFFD';
    private static final String ADVICE =
            "; dataset.encodingErrors REPLACE would read it with U+FFFD in place of what is wrong";

    /**
     * The string of some bytes.
     *
     * @param position of the first byte in the unpacked file
     * @throws SourceException if they are not UTF-8 and that is to be refused
     */
    String decode(byte[] bytes, int start, int length, long position) {
        String text = new String(bytes, start, length, StandardCharsets.UTF_8);
        // The character may be in the text itself; only where it is found is a second, stricter look worth its time.
        if (errors == EncodingErrors.REFUSE && text.indexOf(REPLACEMENT) >= 0) {
            int error = firstError(bytes, start, length);
            if (error >= 0) {
                throw new SourceException("dataset.source: %s is not UTF-8 at byte %d%s"
                        .formatted(
                                label, position + error, utf16Hint(bytes, start, length, position + error) + ADVICE));
            }
        }
        return text;
    }

    /**
     * A string that comes from JSON, where half a surrogate pair may be written.
     *
     * @param line from 1
     * @throws SourceException if there is such a half and that is to be refused
     */
    String withoutHalfPairs(String text, long line) {
        StringBuilder replaced = null;
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (!Character.isSurrogate(unit)) {
                continue;
            }
            if (Character.isHighSurrogate(unit)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            if (errors == EncodingErrors.REFUSE) {
                throw new SourceException(
                        "dataset.source: %s line %d has half a surrogate pair, \\u%04x, at character %d of its text%s"
                                .formatted(label, line, (int) unit, i, ADVICE));
            }
            if (replaced == null) {
                replaced = new StringBuilder(text);
            }
            replaced.setCharAt(i, REPLACEMENT);
        }
        return replaced == null ? text : replaced.toString();
    }

    /** The place of the first byte that is not UTF-8, or -1. */
    static int firstError(byte[] bytes, int start, int length) {
        CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer left = ByteBuffer.wrap(bytes, start, length);
        CharBuffer out = CharBuffer.allocate(Math.min(length + 1, 1 << 13));
        while (true) {
            CoderResult result = strict.decode(left, out, true);
            if (result.isError()) {
                return left.position() - start;
            }
            if (result.isUnderflow()) {
                return -1;
            }
            out.clear();
        }
    }

    private static String utf16Hint(byte[] bytes, int start, int length, long error) {
        boolean mark = error == 0
                && length > 1
                && ((bytes[start] == (byte) 0xff && bytes[start + 1] == (byte) 0xfe)
                        || (bytes[start] == (byte) 0xfe && bytes[start + 1] == (byte) 0xff));
        return mark ? ": it looks like UTF-16, which must be converted first" : "";
    }
}
