package io.infinito.gpt;

/**
 * In what form the matrices of a network are kept for generation. Decoding mostly waits for them to be read from memory, so smaller is
 * faster; embeddings, LayerNorm, attention and sums are float32 in all of them.
 */
public enum WeightFormat {
    /** The weights themselves, which may be in training meanwhile. */
    PLAIN(Kernel.PLAIN, Kernel.PLAIN),
    /** Copies in bfloat16: CUDA. */
    BF16(Kernel.PLAIN, Kernel.PLAIN),
    /** Float32, exact: on a CPU in the order that oneDNN reads fastest, on a GPU as they are. */
    FP32(Kernel.ONEDNN, Kernel.ONEDNN),
    /** Float16, widened while it is multiplied. */
    FP16(Kernel.FLOAT16, Kernel.FLOAT16),
    /** Signed bytes with a scale for each output; activations become bytes too, with a scale for each token. */
    INT8(Kernel.INT8, Kernel.INT8),
    /** The head, which is most of what is read in a small network, as {@link #INT8}, the blocks as {@link #FP16}. */
    MIXED(Kernel.FLOAT16, Kernel.INT8);

    private final Kernel body;
    private final Kernel head;

    WeightFormat(Kernel body, Kernel head) {
        this.body = body;
        this.head = head;
    }

    /**
     * How {@code decode.torchscript} multiplies.
     *
     * @param body its number for the kernel of the blocks' matrices
     * @param head its number for the kernel of the output projection
     * @param rows that are multiplied at a time, at most
     * @param tile rows are filled up to a multiple of this
     */
    record Products(long body, long head, int rows, int tile) {}

    /** On a device of this kind, so that what a row gets does not depend on the others. */
    Products on(boolean gpu) {
        if (!gpu) {
            // From 81 rows on oneDNN adds in another order. In float16 FBGEMM takes up to six rows at a time, and adds
            // otherwise where one or two are left (docs/log.md).
            int rows = this == FP32 ? 64 : Integer.MAX_VALUE;
            int tile = body == Kernel.FLOAT16 ? 3 : 1;
            return new Products(body.ordinal(), head.ordinal(), rows, tile);
        }
        // oneDNN is a CPU's.
        WeightFormat kept = this == FP32 ? PLAIN : this;
        // Measured on an H100 (docs/log.md): rows that nobody needs cost little in bfloat16, and more in float32.
        int tile = this == BF16 ? 256 : 32;
        return new Products(kept.body.ordinal(), kept.head.ordinal(), tile, tile);
    }

    /** What activations are in PLAIN's products. */
    Precision precision() {
        return this == BF16 ? Precision.BFLOAT16 : Precision.FLOAT32;
    }

    /**
     * Bytes that one decoding step has to read whatever the batch: every matrix once.
     *
     * @param config of the network
     */
    public long bytes(GptConfig config) {
        long head = (long) config.vocabularySize() * config.hidden();
        long blocks = 12L * config.layers() * config.hidden() * config.hidden();
        return switch (this) {
            case PLAIN, FP32 -> Float.BYTES * (head + blocks);
            case BF16, FP16 -> Short.BYTES * (head + blocks);
            case INT8 -> head + blocks;
            case MIXED -> head + Short.BYTES * blocks;
        };
    }

    /** Numbered as in {@code decode.torchscript}. */
    private enum Kernel {
        PLAIN,
        ONEDNN,
        FLOAT16,
        INT8
    }
}
