package io.infinito.infer.model;

import io.infinito.gpt.WeightFormat;

/** In what form the matrices of a model are kept: what they cost to read, and how exact they are. */
public enum FormatChoice {
    /** The fastest whose loss on a trained model was measured to be negligible: {@code int8} on a CPU, {@code bf16} on CUDA. */
    AUTO(null),
    /** Exact; a CPU's. */
    FP32(WeightFormat.FP32),
    /** Float16 weights; a CPU's. */
    FP16(WeightFormat.FP16),
    /** A byte for each weight; a CPU's. */
    INT8(WeightFormat.INT8),
    /** The head in bytes, the rest in float16; a CPU's. */
    MIXED(WeightFormat.MIXED),
    /** Bfloat16; CUDA's. */
    BF16(WeightFormat.BF16);

    private final WeightFormat format;

    FormatChoice(WeightFormat format) {
        this.format = format;
    }

    /** The format on a kind of device. */
    WeightFormat on(boolean cuda) {
        if (format != null) {
            return format;
        }
        return cuda ? WeightFormat.BF16 : WeightFormat.INT8;
    }
}
