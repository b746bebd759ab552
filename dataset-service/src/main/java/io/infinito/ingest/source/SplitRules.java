package io.infinito.ingest.source;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which files are for what. Patterns go before names; without patterns for train, train is what no other pattern is for.
 *
 * @param ratio how the train files are divided where there are none for validation
 * @param train patterns for paths below the source's folder
 * @param validation as {@code train}
 * @param test as {@code train}
 */
public record SplitRules(SplitRatio ratio, List<PathGlob> train, List<PathGlob> validation, List<PathGlob> test) {
    /** By names, else by the default ratio. */
    public static final SplitRules DEFAULT = byRatio(SplitRatio.DEFAULT);

    /** Copies the lists. */
    public SplitRules {
        train = List.copyOf(train);
        validation = List.copyOf(validation);
        test = List.copyOf(test);
    }

    /** By names, else by a ratio. */
    public static SplitRules byRatio(SplitRatio ratio) {
        return new SplitRules(ratio, List.of(), List.of(), List.of());
    }

    /** Whether patterns say what is for what. */
    public boolean hasPatterns() {
        return !(train.isEmpty() && validation.isEmpty() && test.isEmpty());
    }

    /**
     * Sorts files into splits and keeps their order; some may be left out.
     *
     * @throws SourceException if nothing is for train, a pattern is for no file, or a file is for two splits
     */
    Map<Split, List<SourceFile>> assign(FileListing listing) {
        Map<Split, List<SourceFile>> files = hasPatterns() ? byPatterns(listing) : byNames(listing);
        if (!files.containsKey(Split.TRAIN)) {
            throw new SourceException(
                    "dataset.source: %s has no train split, only %s: dataset.split.train can say which files are for it"
                            .formatted(
                                    listing.label(),
                                    files.keySet().stream().map(Split::wireName).collect(Collectors.joining(", "))));
        }
        return files;
    }

    private static Map<Split, List<SourceFile>> byNames(FileListing listing) {
        Map<Split, List<SourceFile>> files = new EnumMap<>(Split.class);
        if (listing.isFolder()) {
            for (SourceFile file : listing.files()) {
                Split.ofFileName(file.path()).ifPresent(split -> add(files, split, file));
            }
        }
        return files.isEmpty() ? new EnumMap<>(Map.of(Split.TRAIN, listing.files())) : files;
    }

    private Map<Split, List<SourceFile>> byPatterns(FileListing listing) {
        Map<Split, List<PathGlob>> patterns =
                new EnumMap<>(Map.of(Split.TRAIN, train, Split.VALIDATION, validation, Split.TEST, test));
        patterns.forEach((split, globs) -> globs.forEach(glob -> {
            if (listing.files().stream().noneMatch(file -> glob.matches(file.path()))) {
                throw new SourceException("dataset.split.%s: \"%s\" is for no file of %s: there is %s"
                        .formatted(split.wireName(), glob, listing.label(), listing.contents()));
            }
        }));
        Map<Split, List<SourceFile>> files = new EnumMap<>(Split.class);
        for (SourceFile file : listing.files()) {
            List<Split> found = patterns.entrySet().stream()
                    .filter(split -> split.getValue().stream().anyMatch(glob -> glob.matches(file.path())))
                    .map(Map.Entry::getKey)
                    .toList();
            if (found.size() > 1) {
                throw new SourceException("dataset.split: %s is for %s and for %s: a file can be of one split only"
                        .formatted(
                                file.path(),
                                found.get(0).wireName(),
                                found.get(1).wireName()));
            }
            if (!found.isEmpty()) {
                add(files, found.get(0), file);
            } else if (train.isEmpty()) {
                add(files, Split.TRAIN, file);
            }
        }
        return files;
    }

    private static void add(Map<Split, List<SourceFile>> files, Split split, SourceFile file) {
        files.computeIfAbsent(split, s -> new ArrayList<>()).add(file);
    }
}
