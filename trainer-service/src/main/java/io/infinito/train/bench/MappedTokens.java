package io.infinito.train.bench;

import io.infinito.dataset.TokenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** Token files that nobody else needs. */
final class MappedTokens {
    private MappedTokens() {}

    /** Maps tokens below 65,536; their file is gone before this returns, where the system allows that. */
    static TokenFile of(int[] ids) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.of(ids).forEach(id -> bytes.putShort((short) id));
        Path file = Files.createTempFile("infinito-bench", ".tokens");
        try {
            Files.write(file, bytes.array());
            return TokenFile.map(file, Short.BYTES);
        } finally {
            Files.delete(file);
        }
    }
}
