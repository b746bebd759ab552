package io.infinito.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Where the numbers of a float32 tensor lie.
 *
 * @param file that is whole: it reaches to the end of them
 * @param offset of the first byte
 * @param shape dimensions; empty for a scalar
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record TensorPlace(Path file, long offset, long[] shape) {
    /** How many bytes they are. */
    public long bytes() {
        return Tensor.bytes(file.toString(), shape);
    }

    /** Maps them into this process. The mapping lasts until the tensor is garbage. */
    public Tensor map(String name) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return new Tensor(name, shape, channel.map(MapMode.READ_ONLY, offset, bytes()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
