package io.infinito.gpt;

/** What matrix products are computed in. Weights, losses and optimizer state are float32 in both. */
public enum Precision {
    /** Float32 throughout: the CPU. */
    FLOAT32,
    /** Bfloat16 products over float32 master weights: CUDA. A CPU without AVX-512 BF16 is about a hundred times slower with it. */
    BFLOAT16
}
