package io.infinito.tokenizer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Eight bytes of text as one number, the first in its lowest byte. */
final class Utf8 {
    /** A one in every byte. */
    static final long ONES = 0x0101010101010101L;
    /** The high bit of every byte. */
    static final long HIGH_BITS = 0x8080808080808080L;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Utf8() {}

    /**
     * Eight bytes from {@code at} on.
     *
     * @throws IndexOutOfBoundsException if there are fewer
     */
    static long bytesAt(byte[] text, int at) {
        return (long) LONGS.get(text, at);
    }

    /** The bytes from {@code from} to {@code to}, eight at most, and zeros after them. */
    static long bytesAt(byte[] text, int from, int to) {
        int missing = Long.BYTES - (to - from);
        if (missing <= 0) {
            return bytesAt(text, from);
        }
        if (from + Long.BYTES <= text.length) {
            return bytesAt(text, from) & (-1L >>> (Byte.SIZE * missing));
        }
        long bytes = 0;
        for (int i = to - 1; i >= from; i--) {
            bytes = (bytes << Byte.SIZE) | (text[i] & 0xFF);
        }
        return bytes;
    }

    /** Whether one of the eight is {@code value}. */
    static boolean contains(long bytes, byte value) {
        long zeroWhereEqual = bytes ^ value * ONES;
        return ((zeroWhereEqual - ONES) & ~zeroWhereEqual & HIGH_BITS) != 0;
    }
}
