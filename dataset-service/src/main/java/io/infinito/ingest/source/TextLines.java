package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The lines of a UTF-8 file, each with its line feed; the last one may have none.
 *
 * @param file to read
 * @param label what messages call it
 */
record TextLines(Path file, String label) implements Rows {
    private static final int BUFFER_BYTES = 1 << 16;
    /** Keeps a file without line ends from filling the memory. */
    private static final int MAX_LINE_LENGTH = 1 << 24;

    @Override
    public void forEach(Consumer<String> sink) throws IOException {
        CharsetDecoder utf8 = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
        // No byte gives more than one character.
        CharBuffer characters = CharBuffer.allocate(BUFFER_BYTES);
        StringBuilder line = new StringBuilder();
        long decodedBytes = 0;
        try (ReadableByteChannel input = Files.newByteChannel(file)) {
            boolean atEnd = false;
            while (!atEnd) {
                atEnd = input.read(bytes) < 0;
                bytes.flip();
                CoderResult result = utf8.decode(bytes, characters, atEnd);
                decodedBytes += bytes.position();
                if (result.isError()) {
                    throw new SourceException(
                            "dataset.source: %s is not UTF-8 at byte %d".formatted(label, decodedBytes));
                }
                bytes.compact();
                emitLines(characters.flip(), line, sink);
                characters.clear();
            }
        }
        if (!line.isEmpty()) {
            sink.accept(line.toString());
        }
    }

    private void emitLines(CharBuffer characters, StringBuilder line, Consumer<String> sink) {
        int start = 0;
        for (int i = 0; i < characters.limit(); i++) {
            if (characters.get(i) == '\n') {
                line.append(characters, start, i + 1);
                sink.accept(line.toString());
                line.setLength(0);
                start = i + 1;
            }
        }
        line.append(characters, start, characters.limit());
        if (line.length() > MAX_LINE_LENGTH) {
            throw new SourceException(
                    "dataset.source: %s has a line of more than %d characters: expected text with line ends"
                            .formatted(label, MAX_LINE_LENGTH));
        }
    }
}
