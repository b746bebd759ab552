package io.infinito.gpt;

/**
 * Probabilities with which training zeroes values (Srivastava et al. 2014).
 *
 * @param embedding of the summed token and position embeddings
 * @param attention of the attention weights; on a CPU any value over 0 leaves the fused attention kernel
 * @param residual of what a block adds to the residual stream
 */
public record Dropout(double embedding, double attention, double residual) {
    /** No dropout: evaluation and serving. */
    public static final Dropout NONE = new Dropout(0, 0, 0);

    /** @throws IllegalArgumentException naming the field that is not in [0, 1) */
    public Dropout {
        check("embedding", embedding);
        check("attention", attention);
        check("residual", residual);
    }

    private static void check(String field, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(
                    "training.dropout." + field + "=" + value + " must be at least 0 and less than 1");
        }
    }
}
