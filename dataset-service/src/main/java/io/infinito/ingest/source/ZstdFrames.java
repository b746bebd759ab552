package io.infinito.ingest.source;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * The content of zstd frames, one after the other. Unlike the library's own stream it takes a file that ends in the header of a frame for
 * what it is, one that was cut off.
 */
final class ZstdFrames extends InputStream {
    private static final int BUFFER_BYTES = 1 << 17;

    private final InputStream packed;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final byte[] chunk = new byte[BUFFER_BYTES];
    private final ByteBuffer source = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
    private final ByteBuffer target = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0);
    private boolean atFrameEnd = true;
    /** Whether the library may hold more than there was room for. */
    private boolean wasFilled;

    private boolean closed;

    ZstdFrames(InputStream packed) {
        this.packed = packed;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!target.hasRemaining()) {
            if (!source.hasRemaining() && !wasFilled && !refill()) {
                if (!atFrameEnd) {
                    throw new EOFException("it ends too early");
                }
                return -1;
            }
            target.clear();
            try {
                atFrameEnd = context.decompressDirectByteBufferStream(target, source);
            } catch (ZstdException e) {
                throw new IOException(e.getMessage(), e);
            }
            wasFilled = !atFrameEnd && !target.hasRemaining();
            target.flip();
        }
        int count = Math.min(length, target.remaining());
        target.get(bytes, start, count);
        return count;
    }

    private boolean refill() throws IOException {
        int read = packed.read(chunk, 0, chunk.length);
        if (read < 0) {
            return false;
        }
        source.clear().put(chunk, 0, read).flip();
        return true;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            context.close();
            packed.close();
        }
    }
}
