package io.infinito.standalone.datasets;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.standalone.jobs.Figures;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Datasets and their splits as rows of tables. */
public final class DatasetTable {
    /** Enough of an id to tell datasets apart. */
    private static final int ID_LETTERS = 12;

    private static final int SOURCE_LETTERS = 48;
    private static final String ROW = "%-" + ID_LETTERS + "s  %-9s  %-" + SOURCE_LETTERS + "s  %15s  %s";
    private static final String SPLIT_ROW = "%-10s  %12s  %12s  %15s  %15s  %13s  %14s  %10s  %11s  %7s";

    private DatasetTable() {}

    /** The beginning of a dataset's id. */
    public static String shortId(DatasetManifest dataset) {
        String id = dataset.getDatasetId();
        return id.substring(0, Math.min(ID_LETTERS, id.length()));
    }

    /** A row for each dataset; one that failed is followed by its error. */
    public static List<String> lines(List<DatasetManifest> datasets) {
        return Stream.concat(
                        Stream.of(ROW.formatted("dataset", "state", "source", "tokens", "updated")),
                        datasets.stream().flatMap(DatasetTable::rows))
                .toList();
    }

    /**
     * A row for each split.
     *
     * @param context tokens of a sequence
     */
    public static List<String> splits(DatasetManifest dataset, int context) {
        List<String> lines = new ArrayList<>();
        lines.add(SPLIT_ROW.formatted(
                "split",
                "rows",
                "non-empty",
                "characters",
                "bytes",
                "words",
                "tokens",
                "sequences",
                "tokens/char",
                "shards"));
        for (SplitManifest split : dataset.getSplitsList()) {
            lines.add(SPLIT_ROW.formatted(
                    split.getName(),
                    Figures.count(split.getRows()),
                    Figures.count(split.getNonEmptyRows()),
                    Figures.count(split.getCharacters()),
                    Figures.count(split.getBytes()),
                    Figures.count(split.getWords()),
                    Figures.count(split.getTokens()),
                    Figures.count(sequences(split, context)),
                    split.getCharacters() == 0 ? "-" : String.format(Locale.ROOT, "%.4f", tokensPerCharacter(split)),
                    Figures.count(split.getShards())));
        }
        return lines;
    }

    /** Sequences of {@code context} tokens, each with the token that follows it. */
    public static long sequences(SplitManifest split, int context) {
        return Math.max(0, split.getTokens() - 1) / context;
    }

    /** Tokens for a Unicode code point; 0 of an empty text. */
    public static double tokensPerCharacter(SplitManifest split) {
        return split.getCharacters() == 0 ? 0 : (double) split.getTokens() / split.getCharacters();
    }

    private static Stream<String> rows(DatasetManifest dataset) {
        long tokens = dataset.getSplitsList().stream()
                .mapToLong(SplitManifest::getTokens)
                .sum();
        String row = ROW.formatted(
                shortId(dataset),
                dataset.getState(),
                ending(dataset.getSpec().getSource()),
                Figures.count(tokens > 0 ? tokens : dataset.getProgress().getTokens()),
                dataset.getUpdatedAt());
        return dataset.getError().isEmpty() ? Stream.of(row) : Stream.of(row, "  " + dataset.getError());
    }

    /** The end of a path says more than its beginning. */
    private static String ending(String source) {
        return source.length() <= SOURCE_LETTERS
                ? source
                : "..." + source.substring(source.length() - SOURCE_LETTERS + 3);
    }
}
