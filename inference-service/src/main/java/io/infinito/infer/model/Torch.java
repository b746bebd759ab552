package io.infinito.infer.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.WeightFormat;

/** libtorch, started on first use: it takes a second that the rest of the service need not wait for. */
public final class Torch {
    private final DeviceChoice choice;
    private final int threads;
    private final FormatChoice formatChoice;
    private Device device;

    /**
     * Starts nothing yet.
     *
     * @param choice where models run
     * @param threads of one operation on the CPU; 0: half of the processors, at most 4
     * @param formatChoice how matrices are kept
     */
    public Torch(DeviceChoice choice, int threads, FormatChoice formatChoice) {
        if (threads < 0) {
            throw new IllegalArgumentException("infinito.inference.threads=" + threads + " must be at least 0");
        }
        this.choice = choice;
        this.formatChoice = formatChoice;
        // Reading the weights is what decoding waits for: more threads than memory channels only wait for each other.
        this.threads = threads > 0
                ? threads
                : Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
    }

    /** A manager of native memory on the device; the caller closes it. */
    synchronized NDManager newManager() {
        Engine engine = Engine.getEngine("PyTorch");
        if (device == null) {
            device = chooseDevice(engine);
            JniUtils.setNumThreads(threads);
        }
        return engine.newBaseManager(device);
    }

    private Device chooseDevice(Engine engine) {
        boolean cuda = choice != DeviceChoice.CPU && engine.getGpuCount() > 0;
        if (choice == DeviceChoice.CUDA && !cuda) {
            throw new IllegalStateException(
                    "infinito.inference.device=cuda, but libtorch sees no CUDA device; use auto or cpu");
        }
        return cuda ? Device.gpu() : Device.cpu();
    }

    /**
     * How matrices are kept on the device that {@link #newManager} chose.
     *
     * @throws IllegalStateException if the device cannot multiply in the format that is set
     */
    synchronized WeightFormat format() {
        boolean cuda = device.isGpu();
        WeightFormat format = formatChoice.on(cuda);
        boolean forCuda = format == WeightFormat.BF16;
        if (cuda != forCuda) {
            throw new IllegalStateException("infinito.inference.format=" + formatChoice + " does not go with device "
                    + device.getDeviceType() + "; use auto");
        }
        return format;
    }

    /** To be called once by each thread that runs a model: both settings belong to the thread. */
    public static void prepareThread() {
        JniUtils.setGradMode(false);
        // Profiling would recompile the network during the first calls.
        JniUtils.setGraphExecutorOptimize(false);
    }
}
