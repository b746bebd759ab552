package io.infinito.train.job;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.infinito.gpt.GemmPeak;
import io.infinito.gpt.Precision;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the devices of this process can do at most, measured once each, when the first job starts on it. */
final class ArithmeticPeak {
    private static final double GIGA = 1e9;
    private static final Map<Device, Double> MEASURED = new ConcurrentHashMap<>();

    private ArithmeticPeak() {}

    /** Floating-point operations a second; takes well under a second, once. */
    static double of(NDManager manager, Precision precision) {
        return MEASURED.computeIfAbsent(
                manager.getDevice(), device -> GemmPeak.quick(manager, precision, System::nanoTime) * GIGA);
    }
}
