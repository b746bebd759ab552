package io.infinito.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The token ids of one split, memory-mapped: unsigned little-endian numbers of two or four bytes, nothing else. */
public final class TokenFile {
    /** A mapping is at most 2 GiB long; files are mapped in pieces of this many tokens. */
    private static final int TOKENS_A_PIECE = 1 << 28;

    private final ByteBuffer[] pieces;
    private final int idWidth;
    private final long size;

    private TokenFile(ByteBuffer[] pieces, int idWidth, long size) {
        this.pieces = pieces;
        this.idWidth = idWidth;
        this.size = size;
    }

    /**
     * Maps a file.
     *
     * @param idWidth bytes an id, 2 or 4
     */
    public static TokenFile map(Path path, int idWidth) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long tokens = channel.size() / idWidth;
            if (tokens * idWidth != channel.size()) {
                throw new IllegalArgumentException(
                        path + " is torn: " + channel.size() + " bytes of ids of " + idWidth);
            }
            ByteBuffer[] pieces = new ByteBuffer[Math.toIntExact((tokens + TOKENS_A_PIECE - 1) / TOKENS_A_PIECE)];
            for (int i = 0; i < pieces.length; i++) {
                long from = (long) i * TOKENS_A_PIECE;
                long count = Math.min(TOKENS_A_PIECE, tokens - from);
                pieces[i] = channel.map(MapMode.READ_ONLY, from * idWidth, count * idWidth)
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            return new TokenFile(pieces, idWidth, tokens);
        }
    }

    /** Tokens in the file. */
    public long size() {
        return size;
    }

    /** The id at {@code position}. */
    public long get(long position) {
        ByteBuffer piece = pieces[Math.toIntExact(position / TOKENS_A_PIECE)];
        int index = (int) (position % TOKENS_A_PIECE) * idWidth;
        return idWidth == Short.BYTES
                ? Short.toUnsignedLong(piece.getShort(index))
                : Integer.toUnsignedLong(piece.getInt(index));
    }
}
