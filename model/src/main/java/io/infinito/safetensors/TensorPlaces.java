package io.infinito.safetensors;

/** Where tensors lie in files, by name: for those who read them without this process's heap. */
@FunctionalInterface
public interface TensorPlaces {
    /**
     * The place of the tensor of this name and shape.
     *
     * @throws IllegalArgumentException if there is none, or one of another shape
     */
    TensorPlace place(String name, long... shape);
}
