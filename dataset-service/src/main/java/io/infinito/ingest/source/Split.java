package io.infinito.ingest.source;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The parts of a dataset, in the order in which they are read. */
public enum Split {
    TRAIN,
    VALIDATION,
    TEST;

    private static final Map<String, Split> WORDS = Map.of(
            "train", TRAIN,
            "training", TRAIN,
            "validation", VALIDATION,
            "valid", VALIDATION,
            "val", VALIDATION,
            "dev", VALIDATION,
            "test", TEST,
            "testing", TEST);

    /** As keys and manifests write it. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The split that a file is of, by the first word of its name (or path) which says so: {@code wiki.valid.raw} is validation. */
    static Optional<Split> ofFileName(String name) {
        for (String word : name.toLowerCase(Locale.ROOT).split("[^a-z]+", -1)) {
            Split split = WORDS.get(word);
            if (split != null) {
                return Optional.of(split);
            }
        }
        return Optional.empty();
    }
}
