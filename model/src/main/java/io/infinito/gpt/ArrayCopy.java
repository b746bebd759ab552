package io.infinito.gpt;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/**
 * Copies numbers between arrays, and to the host. DJL's own {@code copyTo} and {@code toByteBuffer} leave a copy on the host behind for each
 * array of a GPU, until the array's manager is closed, which is that of the whole training run.
 */
final class ArrayCopy implements AutoCloseable {
    private final TorchScript script;

    ArrayCopy(NDManager parent) {
        script = TorchScript.load(parent, "Copy", List.of("copy.torchscript"), Map.of());
    }

    /** From {@code source} into {@code target}, of one shape, each on any device. */
    void copy(NDArray source, NDArray target) {
        script.run("copy", TorchScript.tensor(source), TorchScript.tensor(target))
                .close();
    }

    /** The numbers of an array, little-endian, in memory of Java's. */
    static ByteBuffer toHost(NDArray array) {
        if (!array.getDevice().isGpu()) {
            return JniUtils.getByteBuffer((PtNDArray) array, false).order(ByteOrder.LITTLE_ENDIAN);
        }
        try (NDArray host = array.toDevice(Device.cpu(), true)) {
            return JniUtils.getByteBuffer((PtNDArray) host, false).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Override
    public void close() {
        script.close();
    }
}
