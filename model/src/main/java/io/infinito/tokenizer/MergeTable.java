package io.infinito.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;

/**
 * GPT-2's merges: which id two neighbouring ids become. The merged id is the rank as well, the lowest merges first. Immutable.
 */
final class MergeTable {
    /** In place of an id: the two are not merged. Greater than any. */
    static final int NO_MERGE = 0xFFFF;

    private static final int SLOT_BITS = 17;
    private static final int MASK = (1 << SLOT_BITS) - 1;
    private static final long EMPTY = -1;
    private static final int GOLDEN = 0x9E3779B9;

    private final char[] idOfByte = new char[ByteLevel.BYTES];
    /** The pairs of bytes with which every word starts, by both bytes. */
    private final char[] idOfBytePair = new char[ByteLevel.BYTES * ByteLevel.BYTES];
    /** Open addressing: left id, right id in the upper half, merged id in the lower. */
    private final long[] slots = new long[1 << SLOT_BITS];

    /**
     * Reads the merges of a {@code tokenizer.json}.
     *
     * @throws IllegalArgumentException if it is not one like GPT-2's: 256 bytes first, then one id for each merge, in order
     */
    MergeTable(byte[] tokenizerJson) {
        JsonNode model = TokenizerJson.read(tokenizerJson).path("model");
        JsonNode ids = model.path("vocab");
        for (int value = 0; value < ByteLevel.BYTES; value++) {
            idOfByte[value] = (char) id(ids, ByteLevel.letters(new byte[] {(byte) value}));
        }
        Arrays.fill(slots, EMPTY);
        int rank = ByteLevel.BYTES;
        for (JsonNode merge : model.path("merges")) {
            String pair = merge.asText();
            int space = pair.indexOf(' ');
            if (space < 0 || id(ids, pair.replace(" ", "")) != rank || rank >= NO_MERGE) {
                throw new IllegalArgumentException(
                        "tokenizer.json: merge \"" + pair + "\" must make id " + rank + ", the next one");
            }
            put(id(ids, pair.substring(0, space)), id(ids, pair.substring(space + 1)), rank++);
        }
        for (int left = 0; left < ByteLevel.BYTES; left++) {
            for (int right = 0; right < ByteLevel.BYTES; right++) {
                idOfBytePair[left << Byte.SIZE | right] = (char) merged(idOfByte[left], idOfByte[right]);
            }
        }
    }

    /** The id of a byte. */
    int ofByte(byte value) {
        return idOfByte[value & 0xFF];
    }

    /** The id that two bytes become, or {@link #NO_MERGE}. */
    int ofBytes(byte left, byte right) {
        return idOfBytePair[(left & 0xFF) << Byte.SIZE | (right & 0xFF)];
    }

    /** The id that two ids become, or {@link #NO_MERGE}. */
    int merged(int left, int right) {
        int key = left << Character.SIZE | right;
        for (int at = (key * GOLDEN) >>> (Integer.SIZE - SLOT_BITS); ; at = (at + 1) & MASK) {
            long slot = slots[at];
            if ((int) (slot >>> Integer.SIZE) == key) {
                return (int) slot;
            }
            if (slot == EMPTY) {
                return NO_MERGE;
            }
        }
    }

    private void put(int left, int right, int merged) {
        int key = left << Character.SIZE | right;
        int at = (key * GOLDEN) >>> (Integer.SIZE - SLOT_BITS);
        while (slots[at] != EMPTY) {
            at = (at + 1) & MASK;
        }
        slots[at] = (long) key << Integer.SIZE | merged;
    }

    private static int id(JsonNode ids, String token) {
        JsonNode id = ids.path(token);
        if (!id.isInt() || id.intValue() < 0 || id.intValue() >= NO_MERGE) {
            throw new IllegalArgumentException(
                    "tokenizer.json: id of token \"" + token + "\" must be an integer from 0 to 65534, not " + id);
        }
        return id.intValue();
    }
}
