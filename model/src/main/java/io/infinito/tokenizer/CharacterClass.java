package io.infinito.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What GPT-2's pre-tokenizer tells apart: whitespace, letters, numbers, and the rest. From a table of its own, since
 * {@link Character} has the Unicode version of the Java that runs: 13 in Java 17, while HuggingFace's library goes by 16.
 */
final class CharacterClass {
    static final byte WHITESPACE = 0;
    static final byte LETTER = 1;
    static final byte NUMBER = 2;
    static final byte OTHER = 3;

    private static final String RESOURCE = "unicode-classes.txt";
    private static final int BLOCK_BITS = 8;
    private static final int BLOCK = 1 << BLOCK_BITS;
    /** Where the block of a code point starts in {@link #CLASSES}. */
    private static final int[] BLOCK_START = new int[(Character.MAX_CODE_POINT + 1) >> BLOCK_BITS];

    private static final byte[] CLASSES;

    static {
        byte[] all = read();
        byte[] classes = new byte[0];
        for (int block = 0; block < BLOCK_START.length; block++) {
            byte[] wanted = Arrays.copyOfRange(all, block << BLOCK_BITS, (block + 1) << BLOCK_BITS);
            int start = 0;
            while (start < classes.length && !Arrays.equals(wanted, 0, BLOCK, classes, start, start + BLOCK)) {
                start += BLOCK;
            }
            if (start == classes.length) {
                classes = Arrays.copyOf(classes, start + BLOCK);
                System.arraycopy(wanted, 0, classes, start, BLOCK);
            }
            BLOCK_START[block] = start;
        }
        CLASSES = classes;
    }

    private CharacterClass() {}

    /** The class of a code point. */
    static byte of(int codePoint) {
        return CLASSES[BLOCK_START[codePoint >> BLOCK_BITS] + (codePoint & (BLOCK - 1))];
    }

    private static byte[] read() {
        byte[] classes = new byte[Character.MAX_CODE_POINT + 1];
        Arrays.fill(classes, OTHER);
        try (InputStream resource = CharacterClass.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException(RESOURCE + " is not beside " + CharacterClass.class);
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(resource, StandardCharsets.US_ASCII));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith("#")) {
                    String range = line.substring(0, line.length() - 2);
                    int dots = range.indexOf("..");
                    int first = Integer.parseInt(dots < 0 ? range : range.substring(0, dots), 16);
                    int last = dots < 0 ? first : Integer.parseInt(range.substring(dots + 2), 16);
                    Arrays.fill(classes, first, last + 1, named(line.charAt(line.length() - 1)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return classes;
    }

    private static byte named(char name) {
        return switch (name) {
            case 'S' -> WHITESPACE;
            case 'L' -> LETTER;
            case 'N' -> NUMBER;
            default -> throw new IllegalStateException(RESOURCE + ": unknown class " + name);
        };
    }
}
