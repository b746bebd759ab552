package io.infinito.safetensors;

/** Where tensors are taken from by name: a file, several files, or a part of one. */
@FunctionalInterface
public interface TensorSource {
    /**
     * The tensor of this name and shape.
     *
     * @throws IllegalArgumentException if there is none, or one of another shape
     */
    Tensor get(String name, long... shape);

    /** The tensors whose names begin with {@code prefix}, by the rest of their names. */
    default TensorSource under(String prefix) {
        return (name, shape) -> get(prefix + name, shape);
    }
}
