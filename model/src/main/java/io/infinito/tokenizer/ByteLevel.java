package io.infinito.tokenizer;

/**
 * GPT-2's way of writing any bytes as printable letters: bytes that are visible in Latin-1 stand for themselves, the other 68 for the
 * letters from U+0100 on.
 */
final class ByteLevel {
    /** Values of a byte. */
    static final int BYTES = 256;

    private static final int FIRST_STAND_IN = 0x100;
    private static final char[] LETTER_OF = new char[BYTES];
    private static final int[] BYTE_OF;

    static {
        int standIns = 0;
        for (int value = 0; value < BYTES; value++) {
            boolean visible = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
            LETTER_OF[value] = (char) (visible ? value : FIRST_STAND_IN + standIns++);
        }
        BYTE_OF = new int[FIRST_STAND_IN + standIns];
        java.util.Arrays.fill(BYTE_OF, -1);
        for (int value = 0; value < BYTES; value++) {
            BYTE_OF[LETTER_OF[value]] = value;
        }
    }

    private ByteLevel() {}

    /** The letters that stand for {@code bytes}. */
    static String letters(byte[] bytes) {
        StringBuilder letters = new StringBuilder(bytes.length);
        for (byte value : bytes) {
            letters.append(LETTER_OF[Byte.toUnsignedInt(value)]);
        }
        return letters.toString();
    }

    /**
     * The bytes that {@code letters} stand for.
     *
     * @throws IllegalArgumentException if a letter stands for no byte
     */
    static byte[] bytes(String letters) {
        byte[] bytes = new byte[letters.length()];
        for (int i = 0; i < bytes.length; i++) {
            char letter = letters.charAt(i);
            int value = letter < BYTE_OF.length ? BYTE_OF[letter] : -1;
            if (value < 0) {
                throw new IllegalArgumentException(
                        "token \"%s\": U+%04X stands for no byte".formatted(letters, (int) letter));
            }
            bytes[i] = (byte) value;
        }
        return bytes;
    }
}
