package io.infinito.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * CRC-32C of a file. That ids are the right ones is known from the shards' SHA-256 when a file is written; what remains is that the disk
 * gives back what it was given, and for that a checksum does which the processor computes as fast as disks read.
 */
final class FileChecksum {
    private static final int BUFFER = 1 << 20;

    private FileChecksum() {}

    /** Eight hex digits. */
    static String of(Path file) throws IOException {
        CRC32C checksum = new CRC32C();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(buffer) >= 0) {
                checksum.update(buffer.flip());
                buffer.clear();
            }
        }
        return "%08x".formatted(checksum.getValue());
    }
}
