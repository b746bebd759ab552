package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** A whole token file in the device's memory, where batches are cut from it: only the places where they begin cross the bus. */
public final class DeviceTokens implements AutoCloseable {
    private final NDManager manager;
    private final TorchScript script;
    private final Upload upload;
    private final NDArray tokens;

    /**
     * Copies the tokens.
     *
     * @param count of the tokens
     * @param token the one at a position
     */
    public DeviceTokens(NDManager parent, int count, LongUnaryOperator token) {
        manager = parent.newSubManager();
        script = TorchScript.load(manager, "Windows", List.of("windows.torchscript"), Map.of());
        upload = new Upload(manager);
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(count, Integer.BYTES))
                .order(ByteOrder.nativeOrder());
        for (int i = 0; i < count; i++) {
            bytes.putInt(i * Integer.BYTES, (int) token.applyAsLong(i));
        }
        tokens = manager.create(bytes, new Shape(count), DataType.INT32);
    }

    /**
     * One batch.
     *
     * @param owner owns the result
     * @param beginnings positions of the first tokens
     * @param context tokens in a sequence, T
     * @return ids and the tokens that follow them, each int64 [B, T]
     */
    public NDList batch(NDManager owner, long[] beginnings, int context) {
        try (NDArray places = upload.of(owner, beginnings, new Shape(beginnings.length));
                IValue both = script.run(
                        "cut", TorchScript.tensor(tokens), TorchScript.tensor(places), IValue.from((long) context))) {
            return both.toNDList((PtNDManager) owner);
        }
    }

    @Override
    public void close() {
        upload.close();
        script.close();
        manager.close();
    }
}
