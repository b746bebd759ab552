package io.infinito.infer.model;

/** Where the model runs. */
public enum DeviceChoice {
    /** On the first CUDA device when there is one, else on the CPU. */
    AUTO,
    /** On the CPU. */
    CPU,
    /** On the first CUDA device; without one the model is not loaded. */
    CUDA
}
