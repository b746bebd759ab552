package io.infinito.infer.bench;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What so many streams at once saw.
 *
 * @param streams how many
 * @param tokensPerSecond of all together, from the moment when each has its first token until the first has its last
 * @param firstTokenMillis median time to the first token, when all come in at once
 * @param tokenMillisP50 median time between two tokens of a stream
 * @param tokenMillisP99 of a hundred, the longest but one
 * @param tokenMillisLongest the longest
 * @param sampling share of a pass that choosing tokens and making text of them takes
 * @param scheduling share of a pass that is neither the model nor sampling: planning, and handing over
 */
record StreamFigures(
        int streams,
        double tokensPerSecond,
        double firstTokenMillis,
        double tokenMillisP50,
        double tokenMillisP99,
        double tokenMillisLongest,
        double sampling,
        double scheduling) {
    private static final double NANOS_PER_MILLI = 1e6;

    /**
     * From the times of tokens.
     *
     * @param submitted when all came in
     * @param tokenNanos for each stream when each token was there
     */
    static StreamFigures of(long submitted, List<long[]> tokenNanos, double sampling, double scheduling) {
        long from = tokenNanos.stream().mapToLong(times -> times[0]).max().orElseThrow();
        long to = tokenNanos.stream()
                .mapToLong(times -> times[times.length - 1])
                .min()
                .orElseThrow();
        if (to <= from) {
            throw new IllegalArgumentException(
                    "the first stream had ended before the last had begun: use more --tokens or fewer --streams");
        }
        long tokens = tokenNanos.stream()
                .mapToLong(times -> java.util.Arrays.stream(times)
                        .filter(time -> time > from && time <= to)
                        .count())
                .sum();
        double[] gaps = tokenNanos.stream()
                .flatMapToDouble(StreamFigures::gaps)
                .sorted()
                .toArray();
        double[] firsts = tokenNanos.stream()
                .mapToDouble(times -> (times[0] - submitted) / NANOS_PER_MILLI)
                .sorted()
                .toArray();
        return new StreamFigures(
                tokenNanos.size(),
                tokens * 1e9 / (to - from),
                quantile(firsts, 0.5),
                quantile(gaps, 0.5),
                quantile(gaps, 0.99),
                quantile(gaps, 1),
                sampling,
                scheduling);
    }

    private static DoubleStream gaps(long[] times) {
        return java.util.stream.IntStream.range(1, times.length)
                .mapToDouble(i -> (times[i] - times[i - 1]) / NANOS_PER_MILLI);
    }

    private static double quantile(double[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    }
}
