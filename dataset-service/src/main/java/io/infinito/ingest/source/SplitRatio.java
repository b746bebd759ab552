package io.infinito.ingest.source;

/**
 * How a source without validation files is divided: shares of its size, on document boundaries, train first, then validation, then test.
 *
 * @param validation greater than 0 and less than 1
 * @param test at least 0; less than 1 together with {@code validation}
 */
public record SplitRatio(double validation, double test) {
    /** A tenth for validation, no test. */
    public static final SplitRatio DEFAULT = new SplitRatio(0.1, 0);

    /** Refuses shares that leave nothing to train or validate with. */
    public SplitRatio {
        if (!(validation > 0 && validation < 1)) {
            throw new SourceException(
                    "dataset.split.validationRatio must be greater than 0 and less than 1, not " + validation);
        }
        if (!(test >= 0 && test < 1)) {
            throw new SourceException("dataset.split.testRatio must be at least 0 and less than 1, not " + test);
        }
        if (validation + test >= 1) {
            throw new SourceException(
                    "dataset.split: validationRatio %s and testRatio %s leave nothing to train with: their sum must be less than 1"
                            .formatted(validation, test));
        }
    }
}
