package io.infinito.infer.bench;

import io.infinito.gpt.WeightFormat;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What one format came to.
 *
 * @param format measured
 * @param loadMillis from mapped weights to a warm model
 * @param floorTokensPerSecond of one sequence if nothing but reading the matrices took time
 * @param perplexity of the text, where there was one
 * @param streams by how many there were at once
 */
record FormatFigures(
        WeightFormat format,
        double loadMillis,
        double floorTokensPerSecond,
        OptionalDouble perplexity,
        List<StreamFigures> streams) {
    /** The share of the rate that so many streams would have if nothing but reading the matrices, once a pass, took time. */
    double ofFloor(StreamFigures figures) {
        return figures.tokensPerSecond() / (figures.streams() * floorTokensPerSecond);
    }
}
