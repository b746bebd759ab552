package io.infinito.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The lines of a file of UTF-8, each with its line feed; the last one may have none. Positions are bytes of the unpacked content.
 *
 * @param file to read
 */
record TextLines(Path file, Utf8Text text, Compression compression) implements Rows {
    @Override
    public void forEach(Sink sink) throws IOException {
        readLines(new Utf8Lines.Sink() {
            private boolean atStart = true;

            @Override
            public void accept(long position, String part, boolean endsLine) {
                sink.accept(position, new TextRun(part, atStart, endsLine));
                atStart = false;
            }
        });
    }

    /** Hands on the lines as they are cut. */
    void readLines(Utf8Lines.Sink sink) throws IOException {
        try (InputStream content = compression.open(file, text.label())) {
            new Utf8Lines(text).read(content, sink);
        }
    }

    @Override
    public long extent() throws IOException {
        if (compression == Compression.NONE) {
            return Files.size(file);
        }
        try (InputStream content = compression.open(file, text.label())) {
            return content.transferTo(OutputStream.nullOutputStream());
        }
    }
}
