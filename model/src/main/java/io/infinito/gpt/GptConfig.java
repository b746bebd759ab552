package io.infinito.gpt;

/**
 * Sizes of a GPT-2 network.
 *
 * @param vocabularySize tokens that the tokenizer knows
 * @param context tokens that the network sees at once, T
 * @param layers transformer blocks, L
 * @param heads attention heads, H
 * @param hidden channels, C; a multiple of heads
 * @param tiedHead whether the output projection is the token embedding
 */
public record GptConfig(int vocabularySize, int context, int layers, int heads, int hidden, boolean tiedHead) {
    /** Rows of the embedding are padded to a multiple of this: matrix kernels are much faster then. */
    static final int VOCABULARY_MULTIPLE = 128;

    /** @throws IllegalArgumentException naming the field that is out of its range */
    public GptConfig {
        atLeast("vocabularySize", vocabularySize, 2);
        atLeast("model.context", context, 2);
        atLeast("model.layers", layers, 1);
        atLeast("model.heads", heads, 1);
        atLeast("model.hidden", hidden, 1);
        if (hidden % heads != 0) {
            throw new IllegalArgumentException(
                    "model.hidden=" + hidden + " must be a multiple of model.heads=" + heads);
        }
    }

    private static void atLeast(String field, int value, int minimum) {
        if (value < minimum) {
            throw new IllegalArgumentException(field + "=" + value + " must be at least " + minimum);
        }
    }

    /** Rows of the embedding in memory, V. Rows past {@link #vocabularySize} stand for no token. */
    public int paddedVocabulary() {
        return Math.multiplyExact(
                (vocabularySize + VOCABULARY_MULTIPLE - 1) / VOCABULARY_MULTIPLE, VOCABULARY_MULTIPLE);
    }

    /** D. */
    public int headSize() {
        return hidden / heads;
    }

    /** Trainable numbers, padding left out. */
    public long parameterCount() {
        return GptParameters.of(this).stream()
                .mapToLong(GptParameters.Parameter::savedElements)
                .sum();
    }

    /**
     * Floating-point operations that training needs for one token, forward and backward: 6 for each weight of a matrix that is
     * multiplied by, which an embedding is only as a tied head, and 12 L H D T for attention (arXiv:2204.02311, appendix B).
     */
    public double trainingFlopsPerToken() {
        long multiplied = GptParameters.of(this).stream()
                .filter(parameter -> parameter.multiplies(tiedHead))
                .mapToLong(GptParameters.Parameter::savedElements)
                .sum();
        return 6.0 * multiplied + 12.0 * layers * hidden * context;
    }
}
