package io.infinito.train;

import io.infinito.dataset.TokenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Token files for tests. */
final class TokenFiles {
    private TokenFiles() {}

    /** A noisy cycle through the vocabulary: most tokens follow from the one before, so that something can be learned. */
    static TokenFile cycle(Path folder, int count, int vocabulary, long seed) throws IOException {
        Random random = new Random(seed);
        int[] ids = new int[count];
        for (int i = 1; i < count; i++) {
            ids[i] = random.nextInt(10) == 0 ? random.nextInt(vocabulary) : (ids[i - 1] * 7 + 3) % vocabulary;
        }
        return of(folder, ids);
    }

    static TokenFile of(Path folder, int... ids) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int id : ids) {
            bytes.putShort((short) id);
        }
        Path file = Files.createTempFile(folder, "tokens", ".bin");
        Files.write(file, bytes.array());
        return TokenFile.map(file, Short.BYTES);
    }
}
