package io.infinito.infer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/** How fast memory is read, by the same threads: what decoding one sequence cannot be faster than, as it reads every matrix for each token. */
final class MemoryBandwidth implements AutoCloseable {
    /** More than any cache holds. */
    private static final long BYTES = 512L << 20;

    private static final int ROWS = 1 << 12;

    private final NDArray array;
    private final List<Double> bytesPerSecond = new ArrayList<>();

    MemoryBandwidth(NDManager manager) {
        array = manager.ones(new Shape(ROWS, BYTES / Float.BYTES / ROWS));
    }

    /** Reads it once. */
    void measure() {
        long start = System.nanoTime();
        try (NDArray sum = array.sum()) {
            sum.getFloat();
        }
        bytesPerSecond.add(BYTES / ((System.nanoTime() - start) / 1e9));
    }

    /** The fastest reading: the machine's, not its neighbours'. */
    double bytesPerSecond() {
        return bytesPerSecond.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    @Override
    public void close() {
        array.close();
    }
}
