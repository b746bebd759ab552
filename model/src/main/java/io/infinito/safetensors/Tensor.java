package io.infinito.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A named array of float32 outside native memory.
 *
 * @param name as it stands in the file
 * @param shape dimensions; empty for a scalar
 * @param data little-endian numbers, row-major, from position 0
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by name alone, never as a value.
public record Tensor(String name, long[] shape, ByteBuffer data) {
    /** @throws IllegalArgumentException if the data is not of the shape's size */
    public Tensor {
        long bytes = bytes(name, shape);
        if (data.capacity() != bytes) {
            throw new IllegalArgumentException("tensor " + name + " of shape " + Arrays.toString(shape) + " has "
                    + data.capacity() + " bytes, not " + bytes);
        }
    }

    /** A fresh view of the numbers' bytes. */
    @Override
    public ByteBuffer data() {
        return data.duplicate().rewind().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** A fresh view of the numbers. */
    public FloatBuffer floats() {
        return data().asFloatBuffer();
    }

    static long bytes(String name, long[] shape) {
        long bytes = Float.BYTES;
        try {
            for (long dimension : shape) {
                bytes = Math.multiplyExact(bytes, dimension);
            }
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "tensor " + name + " has the impossible shape " + Arrays.toString(shape), e);
        }
        return bytes;
    }
}
