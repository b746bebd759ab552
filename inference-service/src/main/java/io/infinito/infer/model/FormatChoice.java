package io.infinito.infer.model;

import io.infinito.gpt.WeightFormat;
import java.util.Optional;

/** In what form the matrices of a model are kept: what they cost to read, and how exact they are. */
public enum FormatChoice {
    /** The fastest whose loss on a trained model was measured to be negligible: {@code int8} on a CPU, {@code bf16} on CUDA. */
    AUTO(WeightFormat.INT8, WeightFormat.BF16),
    /** Exact. */
    FP32(WeightFormat.FP32, WeightFormat.FP32),
    /** Float16 weights; a CPU's. */
    FP16(WeightFormat.FP16, null),
    /** A byte for each weight; a CPU's. */
    INT8(WeightFormat.INT8, null),
    /** The head in bytes, the rest in float16; a CPU's. */
    MIXED(WeightFormat.MIXED, null),
    /** Bfloat16; CUDA's. */
    BF16(null, WeightFormat.BF16);

    private final WeightFormat cpu;
    private final WeightFormat cuda;

    FormatChoice(WeightFormat cpu, WeightFormat cuda) {
        this.cpu = cpu;
        this.cuda = cuda;
    }

    /** The format on a kind of device; empty if it cannot multiply in it. */
    Optional<WeightFormat> on(boolean gpu) {
        return Optional.ofNullable(gpu ? cuda : cpu);
    }
}
