package io.infinito.infer.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.infer.model.Torch;

/** How fast memory is read, by the same threads: what decoding one sequence cannot be faster than, as it reads every matrix for each token. */
final class MemoryBandwidth {
    /** More than any cache holds. */
    private static final long BYTES = 512L << 20;

    private static final int ROWS = 1 << 12;
    private static final int READINGS = 6;

    private final Torch torch;
    private double bytesPerSecond;

    MemoryBandwidth(Torch torch) {
        this.torch = torch;
    }

    /** Reads the memory some times. */
    void measure() throws InterruptedException {
        bytesPerSecond = Math.max(bytesPerSecond, DecodingThread.call(torch, this::fastest));
    }

    private double fastest() {
        double fastest = 0;
        try (NDManager manager = torch.newManager()) {
            NDArray array = manager.ones(new Shape(ROWS, BYTES / Float.BYTES / ROWS));
            for (int i = 0; i < READINGS; i++) {
                long start = System.nanoTime();
                try (NDArray sum = array.sum()) {
                    sum.getFloat();
                }
                fastest = Math.max(fastest, BYTES / ((System.nanoTime() - start) / 1e9));
            }
        }
        return fastest;
    }

    /** The fastest reading of all: the machine's, not its neighbours'. */
    double bytesPerSecond() {
        return bytesPerSecond;
    }
}
