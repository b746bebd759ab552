package io.infinito.infer.model;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** How fast a checkpoint is read from the store. */
enum DownloadPace {
    /** As fast as it comes. */
    FULL,
    /**
     * With pauses about as long as the work between them. Where decoding leaves one processor to downloading, the network and everything else,
     * that one would be overcrowded, and the thread that decodes would have to share its own.
     */
    BESIDE_DECODING;

    private static final int BYTES_BETWEEN_PAUSES = 1 << 18;
    private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

    /** The same content at this pace. */
    InputStream of(InputStream content) {
        return this == FULL ? content : new PausingInputStream(content);
    }

    private static final class PausingInputStream extends FilterInputStream {
        private int sincePause;

        PausingInputStream(InputStream content) {
            super(content);
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            count(Math.max(0, read));
            return read;
        }

        private void count(int bytes) {
            sincePause += bytes;
            if (sincePause >= BYTES_BETWEEN_PAUSES) {
                sincePause = 0;
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }
}
