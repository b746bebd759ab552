package io.infinito.ingest.source;

import java.util.Arrays;
import java.util.Optional;

/**
 * Where files that follow each other are divided into train, validation and test. A boundary is found by the sizes of the files as they are
 * stored, so that only the file in which it lies has to be looked at before it is read.
 *
 * @param test empty where there is no test split
 */
record Division(Boundary validation, Optional<Boundary> test) {
    /**
     * A place in a file.
     *
     * @param share of the file that is before it, at least 0 and less than 1
     */
    record Boundary(int file, double share) {
        private boolean isAfter(int otherFile, long position, long extent) {
            return otherFile < file || (otherFile == file && position < share * extent);
        }
    }

    /**
     * Divides by rows: boundaries may lie inside of files.
     *
     * @param sizes of the files, in their order
     */
    static Division betweenRows(long[] sizes, SplitRatio ratio) {
        return new Division(
                boundary(sizes, 1 - ratio.validation() - ratio.test()),
                // Without a test share, rounding must not make one.
                ratio.test() == 0 ? Optional.empty() : Optional.of(boundary(sizes, 1 - ratio.test())));
    }

    /**
     * Divides between files, as near to the shares as that goes with a file or more for each split.
     *
     * @param label what messages call the source
     * @throws SourceException if there are fewer files than splits
     */
    static Division betweenFiles(String label, long[] sizes, SplitRatio ratio) {
        int after = ratio.test() == 0 ? 0 : 1;
        if (sizes.length < 2 + after) {
            throw new SourceException(
                    "dataset.source: %s has %d text files, which are not cut, for %d splits: dataset.split must be such that each gets one"
                            .formatted(label, sizes.length, 2 + after));
        }
        int validation = clamp(nearestEdge(sizes, 1 - ratio.validation() - ratio.test()), 1, sizes.length - 1 - after);
        if (after == 0) {
            return new Division(new Boundary(validation, 0), Optional.empty());
        }
        int test = clamp(nearestEdge(sizes, 1 - ratio.test()), validation + 1, sizes.length - 1);
        return new Division(new Boundary(validation, 0), Optional.of(new Boundary(test, 0)));
    }

    /** Whether a boundary lies inside of a file, so that its extent matters. */
    boolean cuts(int file) {
        return (validation.file() == file && validation.share() > 0)
                || test.filter(boundary -> boundary.file() == file && boundary.share() > 0)
                        .isPresent();
    }

    /** The split of what starts at a position in a file. */
    Split of(int file, long position, long extent) {
        if (validation.isAfter(file, position, extent)) {
            return Split.TRAIN;
        }
        return test.filter(boundary -> !boundary.isAfter(file, position, extent))
                        .isPresent()
                ? Split.TEST
                : Split.VALIDATION;
    }

    private static Boundary boundary(long[] sizes, double share) {
        if (sizes.length == 1) {
            // Its size may not be known.
            return new Boundary(0, share);
        }
        double left = share * Arrays.stream(sizes).sum();
        for (int file = 0; file < sizes.length; file++) {
            if (left < sizes[file]) {
                return new Boundary(file, left / sizes[file]);
            }
            left -= sizes[file];
        }
        return new Boundary(sizes.length, 0);
    }

    private static int nearestEdge(long[] sizes, double share) {
        Boundary boundary = boundary(sizes, share);
        return boundary.share() < 0.5 ? boundary.file() : boundary.file() + 1;
    }

    private static int clamp(int value, int least, int most) {
        return Math.max(least, Math.min(most, value));
    }
}
