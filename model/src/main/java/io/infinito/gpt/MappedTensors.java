package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.infinito.safetensors.TensorPlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors of files where they lie. libtorch maps a file, and unmaps it with the last tensor of it: a mapping of Java's would stay, and with it
 * the space of a deleted file, until the garbage collector comes by, which can take hours.
 */
final class MappedTensors implements AutoCloseable {
    private final TorchScript script;
    private final Map<Path, IValue> files = new HashMap<>();

    /** Maps nothing yet. */
    MappedTensors(NDManager parent) {
        script = TorchScript.load(parent, "Mapped", List.of("mapped.torchscript"), Map.of());
    }

    /**
     * The tensor of a place, for reading only, on the CPU.
     *
     * @param owner owns the result
     */
    NDArray view(NDManager owner, TensorPlace place) {
        if (place.offset() % Float.BYTES != 0) {
            // Nobody writes such files without need; libtorch cannot read numbers there.
            return owner.create(place.map(place.file().toString()).data(), new Shape(place.shape()), DataType.FLOAT32);
        }
        long start = place.offset() / Float.BYTES;
        IValue file = files.computeIfAbsent(place.file(), this::map);
        try (IValue view = script.run(
                "floats",
                List.of(file),
                IValue.from(start),
                IValue.from(start + place.bytes() / Float.BYTES),
                IValue.listFrom(place.shape()))) {
            return view.toTensor((PtNDManager) owner);
        }
    }

    private IValue map(Path file) {
        try {
            return script.run("map", IValue.from(file.toString()), IValue.from(Files.size(file) / Float.BYTES));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** Lets the files go. Tensors stay, each with its file. */
    @Override
    public void close() {
        files.values().forEach(IValue::close);
        script.close();
    }
}
