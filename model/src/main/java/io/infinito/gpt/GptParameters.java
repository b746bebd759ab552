package io.infinito.gpt;

import java.util.ArrayList;
import java.util.List;

/** The parameters of a network in the order in which {@code gpt.torchscript} reads them. */
public final class GptParameters {
    /** Standard deviation of the initial weights (Radford et al. 2019). */
    static final double INITIAL_STD = 0.02;
    /** How many parameters a block has. */
    static final int PER_LAYER = 12;

    private static final String TOKENS = "transformer.wte.weight";
    private static final String POSITIONS = "transformer.wpe.weight";

    private GptParameters() {}

    /** How a parameter lies in a checkpoint compared with memory. */
    public enum Layout {
        /** As it is. */
        PLAIN,
        /** HuggingFace's Conv1D keeps [in, out]; memory has [out, in]. */
        TRANSPOSED,
        /** The padding rows are left out. */
        TRIMMED
    }

    /**
     * One parameter.
     *
     * @param name in HuggingFace's GPT2LMHeadModel
     * @param rows first dimension in memory
     * @param columns second dimension in memory, or 0 for a vector
     * @param savedRows first dimension that counts; less than rows where there is padding
     * @param layout in a checkpoint
     * @param initialStd standard deviation of the initial normal distribution; 0: all are initialValue
     * @param initialValue where initialStd is 0
     */
    public record Parameter(
            String name, int rows, int columns, int savedRows, Layout layout, double initialStd, float initialValue) {
        /** Matrices and embeddings decay; biases and LayerNorm do not. */
        public boolean decays() {
            return columns > 0;
        }

        /** Whether activations are multiplied by it; rows of an embedding are only picked, unless it is the head as well. */
        boolean multiplies(boolean tiedHead) {
            return columns > 0 && !name.equals(POSITIONS) && (tiedHead || !name.equals(TOKENS));
        }

        /** Numbers in memory. */
        public long elements() {
            return (long) rows * Math.max(1, columns);
        }

        /** Numbers in a checkpoint. */
        public long savedElements() {
            return (long) savedRows * Math.max(1, columns);
        }

        /** Dimensions in memory. */
        public long[] shape() {
            return columns == 0 ? new long[] {rows} : new long[] {rows, columns};
        }

        /** Dimensions in a checkpoint. */
        public long[] savedShape() {
            return switch (layout) {
                case PLAIN -> shape();
                case TRANSPOSED -> new long[] {columns, rows};
                case TRIMMED -> new long[] {savedRows, columns};
            };
        }
    }

    /** All parameters of a network of these sizes. */
    public static List<Parameter> of(GptConfig config) {
        List<Parameter> all = new ArrayList<>();
        int c = config.hidden();
        // Each block adds twice to the residual stream, so its projections start smaller (Radford et al. 2019, section
        // 2.3).
        double residualStd = INITIAL_STD / Math.sqrt(2.0 * config.layers());
        all.add(embedding(TOKENS, config));
        all.add(new Parameter(POSITIONS, config.context(), c, config.context(), Layout.PLAIN, INITIAL_STD, 0));
        for (int i = 0; i < config.layers(); i++) {
            String block = "transformer.h." + i + ".";
            all.add(vector(block + "ln_1.weight", c, 1));
            all.add(vector(block + "ln_1.bias", c, 0));
            all.add(matrix(block + "attn.c_attn.weight", 3 * c, c, INITIAL_STD));
            all.add(vector(block + "attn.c_attn.bias", 3 * c, 0));
            all.add(matrix(block + "attn.c_proj.weight", c, c, residualStd));
            all.add(vector(block + "attn.c_proj.bias", c, 0));
            all.add(vector(block + "ln_2.weight", c, 1));
            all.add(vector(block + "ln_2.bias", c, 0));
            all.add(matrix(block + "mlp.c_fc.weight", 4 * c, c, INITIAL_STD));
            all.add(vector(block + "mlp.c_fc.bias", 4 * c, 0));
            all.add(matrix(block + "mlp.c_proj.weight", c, 4 * c, residualStd));
            all.add(vector(block + "mlp.c_proj.bias", c, 0));
        }
        all.add(vector("transformer.ln_f.weight", c, 1));
        all.add(vector("transformer.ln_f.bias", c, 0));
        if (!config.tiedHead()) {
            all.add(embedding("lm_head.weight", config));
        }
        return List.copyOf(all);
    }

    private static Parameter embedding(String name, GptConfig config) {
        return new Parameter(
                name,
                config.paddedVocabulary(),
                config.hidden(),
                config.vocabularySize(),
                Layout.TRIMMED,
                INITIAL_STD,
                0);
    }

    private static Parameter matrix(String name, int out, int in, double std) {
        return new Parameter(name, out, in, out, Layout.TRANSPOSED, std, 0);
    }

    private static Parameter vector(String name, int size, float value) {
        return new Parameter(name, size, 0, size, Layout.PLAIN, 0, value);
    }
}
