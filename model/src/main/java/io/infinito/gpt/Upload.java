package io.infinito.gpt;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.List;
import java.util.Map;

/** Brings token ids and positions to a device. A GPU fetches them out of pinned memory while the host goes on. */
public final class Upload implements AutoCloseable {
    private final NDManager manager;
    private final TorchScript script;
    private final NDArray like;
    private final boolean gpu;

    /** Uploads to the device of {@code parent}. */
    public Upload(NDManager parent) {
        manager = parent.newSubManager();
        gpu = manager.getDevice().isGpu();
        // Only CUDA can pin memory. The script is loaded without it too, so that tests compile it.
        script = TorchScript.load(manager, "Upload", List.of("upload.torchscript"), Map.of("pinned", gpu));
        like = manager.zeros(new Shape(1), DataType.INT64);
    }

    /**
     * Brings whole numbers to the device.
     *
     * @param owner owns the result
     * @return int64 of {@code shape}
     */
    public NDArray of(NDManager owner, long[] values, Shape shape) {
        if (!gpu) {
            return owner.create(values, shape);
        }
        try (NDManager host = manager.newSubManager(Device.cpu())) {
            NDArray array = host.create(values, shape);
            try (IValue uploaded = script.run("upload", TorchScript.tensor(array), TorchScript.tensor(like))) {
                return uploaded.toTensor((PtNDManager) owner);
            }
        }
    }

    @Override
    public void close() {
        script.close();
        manager.close();
    }
}
