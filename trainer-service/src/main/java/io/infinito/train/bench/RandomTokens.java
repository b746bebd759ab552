package io.infinito.train.bench;

import io.infinito.dataset.TokenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Tokens to measure with: frequent ones are frequent, as in text. */
final class RandomTokens {
    private RandomTokens() {}

    /** Maps {@code count} tokens; their file is gone before this returns, where the system allows that. */
    static TokenFile of(int count, int vocabulary) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer bytes = ByteBuffer.allocate(count * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putShort((short) (int) Math.pow(vocabulary, random.nextDouble()));
        }
        Path file = Files.createTempFile("infinito-bench", ".tokens");
        try {
            Files.write(file, bytes.array());
            return TokenFile.map(file, Short.BYTES);
        } finally {
            Files.delete(file);
        }
    }
}
