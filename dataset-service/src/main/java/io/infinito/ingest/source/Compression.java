package io.infinito.ingest.source;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** How a file of text is packed. */
enum Compression {
    NONE(""),
    /** Of one member or several. */
    GZIP(".gz"),
    /** Of one frame or several. */
    ZSTD(".zst");

    private static final int BUFFER_BYTES = 1 << 16;

    private final String ending;

    Compression(String ending) {
        this.ending = ending;
    }

    /** How its file names end. */
    String ending() {
        return ending;
    }

    /**
     * Opens a file for its unpacked content. Reading throws a {@link SourceException} where the packed file is damaged or cut off.
     *
     * @param label what messages call it
     */
    InputStream open(Path file, String label) throws IOException {
        InputStream packed = Files.newInputStream(file);
        if (this == NONE) {
            return packed;
        }
        try {
            // The JDK's takes what is damaged after the first member for the end.
            InputStream unpacked = this == GZIP
                    ? new GzipCompressorInputStream(new BufferedInputStream(packed, BUFFER_BYTES), true)
                    : new ZstdFrames(packed);
            return new Checked(unpacked, label, ending);
        } catch (IOException e) {
            packed.close();
            throw damaged(label, ending, e);
        }
    }

    private static SourceException damaged(String label, String ending, IOException e) {
        return new SourceException(
                "dataset.source: %s is damaged or cut off, it cannot be unpacked as %s: %s"
                        .formatted(label, ending, e.getMessage() == null ? "it ends too early" : e.getMessage()),
                e);
    }

    /** Says which file it is that cannot be unpacked. */
    private static final class Checked extends FilterInputStream {
        private final String label;
        private final String ending;

        Checked(InputStream unpacked, String label, String ending) {
            super(unpacked);
            this.label = label;
            this.ending = ending;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int start, int length) throws IOException {
            try {
                return in.read(bytes, start, length);
            } catch (IOException e) {
                throw damaged(label, ending, e);
            }
        }
    }
}
