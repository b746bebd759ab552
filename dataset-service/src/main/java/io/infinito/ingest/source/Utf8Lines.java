package io.infinito.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Cuts UTF-8 at its line feeds, in a buffer that never grows beyond {@link #MAX_RUN_BYTES}: longer lines are handed on in parts. A byte
 * order mark at the start is dropped.
 */
record Utf8Lines(Utf8Text text) {
    /** Of one part of a line. */
    static final int MAX_RUN_BYTES = 1 << 20;

    private static final int FIRST_BUFFER_BYTES = 1 << 16;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    /** Takes lines. */
    @FunctionalInterface
    interface Sink {
        /**
         * The next part of a line.
         *
         * @param position of the line's first byte
         */
        void accept(long position, String part, boolean endsLine);
    }

    /**
     * Hands on every line with its line feed; the last one may have none.
     *
     * @throws IOException if the input cannot be read
     * @throws SourceException if it is not UTF-8
     */
    void read(InputStream input, Sink sink) throws IOException {
        byte[] buffer = new byte[FIRST_BUFFER_BYTES];
        int end = input.readNBytes(buffer, 0, BYTE_ORDER_MARK.length);
        int start = end == BYTE_ORDER_MARK.length && Arrays.equals(buffer, 0, end, BYTE_ORDER_MARK, 0, end) ? end : 0;
        // Of the buffer's first byte, and of the line's.
        long origin = 0;
        long line = start;
        int searched = start;
        boolean lineOpen = false;
        while (true) {
            for (; searched < end; searched++) {
                if (buffer[searched] == '\n') {
                    int next = searched + 1;
                    sink.accept(line, text.decode(buffer, start, next - start, origin + start), true);
                    start = next;
                    line = origin + start;
                    lineOpen = false;
                }
            }
            if (end - start >= MAX_RUN_BYTES) {
                int cut = characterStart(buffer, start, end);
                sink.accept(line, text.decode(buffer, start, cut - start, origin + start), false);
                start = cut;
                lineOpen = true;
            }
            if (end == buffer.length) {
                int kept = end - start;
                byte[] old = buffer;
                if (kept > buffer.length / 2) {
                    buffer = new byte[buffer.length * 2];
                }
                System.arraycopy(old, start, buffer, 0, kept);
                origin += start;
                searched -= start;
                end = kept;
                start = 0;
            }
            int read = input.read(buffer, end, Math.min(buffer.length, start + MAX_RUN_BYTES) - end);
            if (read < 0) {
                break;
            }
            end += read;
        }
        if (end > start || lineOpen) {
            sink.accept(line, text.decode(buffer, start, end - start, origin + start), true);
        }
    }

    /** The place of the last character that may not be complete, or the end where the last bytes belong to none. */
    private static int characterStart(byte[] buffer, int start, int end) {
        for (int i = end - 1; i > Math.max(start, end - 4); i--) {
            if ((buffer[i] & 0xc0) != 0x80) {
                // Below 0x80 it is complete by itself.
                return buffer[i] >= 0 ? i + 1 : i;
            }
        }
        return end;
    }
}
