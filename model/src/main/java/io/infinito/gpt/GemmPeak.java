package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The speed of bare matrix products on a device, in the precision and of about the sizes that a network has: what a training step is
 * compared with. Measured a little at a time between steps, it sees the same other load on the machine as they do.
 */
public final class GemmPeak implements AutoCloseable {
    private static final int CPU_SIDE = 2048;
    private static final int GPU_SIDE = 8192;
    private static final int GPU_TIMES = 20;
    private static final int QUICK_CPU_SIDE = 1024;

    /** Products of one shape, [m, k] by [k, n]. */
    private record Product(NDArray left, NDArray right, double operations, List<Double> gigaflops) {}

    private final NDManager manager;
    private final TorchScript script;
    private final LongSupplier nanoTime;
    private final int times;
    private final List<Product> products = new ArrayList<>();

    /**
     * Prepares a large square product, and three of the network's.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public GemmPeak(NDManager parent, GptConfig config, Precision precision, LongSupplier nanoTime) {
        this(parent, precision, nanoTime);
        int side = manager.getDevice().isGpu() ? GPU_SIDE : CPU_SIDE;
        int hidden = config.hidden();
        add(side, side, side);
        add(side, hidden, 4 * hidden);
        add(side / 2, hidden, 8 * side);
        add(side / 2, 8 * side, hidden);
    }

    private GemmPeak(NDManager parent, Precision precision, LongSupplier nanoTime) {
        manager = parent.newSubManager();
        this.nanoTime = nanoTime;
        script = TorchScript.load(
                manager, "Gemm", List.of("gemm.torchscript"), Map.of("half", precision == Precision.BFLOAT16));
        times = manager.getDevice().isGpu() ? GPU_TIMES : 1;
    }

    /**
     * Prepares a square product alone, of a few milliseconds: enough to show a run's share of the device, while all four products between
     * the steps are what to compare machines and changes by.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    public static GemmPeak square(NDManager parent, Precision precision, LongSupplier nanoTime) {
        GemmPeak peak = new GemmPeak(parent, precision, nanoTime);
        int side = parent.getDevice().isGpu() ? GPU_SIDE : QUICK_CPU_SIDE;
        peak.add(side, side, side);
        return peak;
    }

    /** Measures each product once and returns the speed of the fastest in 10^9 operations a second. What was measured before is forgotten. */
    public double measureAnew() {
        restart();
        measure();
        return gigaflops();
    }

    private void add(int m, int k, int n) {
        products.add(new Product(matrix(m, k), matrix(k, n), 2.0 * m * k * n * times, new ArrayList<>()));
    }

    private NDArray matrix(int rows, int columns) {
        try (NDArray random = manager.randomNormal(new Shape(rows, columns));
                IValue cast = script.run("cast", TorchScript.tensor(random))) {
            return cast.toTensor((PtNDManager) manager);
        }
    }

    /** Measures each product once. */
    public void measure() {
        for (Product product : products) {
            long start = nanoTime.getAsLong();
            try (NDManager owner = manager.newSubManager();
                    IValue value = script.run(
                            "multiply",
                            TorchScript.tensor(product.left()),
                            TorchScript.tensor(product.right()),
                            IValue.from((long) times));
                    NDArray element = value.toTensor((PtNDManager) owner)) {
                element.getFloat();
            }
            product.gigaflops().add(product.operations() / Math.max(1, nanoTime.getAsLong() - start));
        }
    }

    /** Forgets what was measured. */
    public void restart() {
        products.forEach(product -> product.gigaflops().clear());
    }

    /** The median speed of the product that is fastest by its median, in 10^9 operations a second; 0 before the first measurement. */
    public double gigaflops() {
        return products.stream()
                .filter(product -> !product.gigaflops().isEmpty())
                .mapToDouble(product -> median(product.gigaflops()))
                .max()
                .orElse(0);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    @Override
    public void close() {
        script.close();
        manager.close();
    }
}
