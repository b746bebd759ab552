package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file, or a folder whose files say in their names which split they are of. Files named as WikiText's and Parquet files follow
 * {@link RowConvention#JOINED}, all others stay as they are.
 */
final class LocalSource {
    private static final Pattern WIKITEXT = Pattern.compile("wiki\\.(train|valid|test)\\.(raw|tokens)");

    private LocalSource() {}

    /**
     * Opens a path.
     *
     * @param label what messages call it
     * @throws IOException if it cannot be read
     * @throws SourceException if it does not exist or holds nothing to train with
     */
    static Corpus open(Path path, String label, SplitRatio ratio) throws IOException {
        if (Files.isDirectory(path)) {
            return openFolder(path, label, ratio);
        }
        if (!Files.isRegularFile(path)) {
            throw new SourceException("dataset.source: " + label + ": there is no such file or folder");
        }
        Map<Split, List<Path>> files = new EnumMap<>(Split.class);
        files.put(Split.TRAIN, List.of(path));
        return corpus(files, label, ratio);
    }

    private static Corpus openFolder(Path folder, String label, SplitRatio ratio) throws IOException {
        Map<Split, List<Path>> files = new EnumMap<>(Split.class);
        List<String> names = new ArrayList<>();
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path file : entries.filter(Files::isRegularFile).sorted().toList()) {
                String name = file.getFileName().toString();
                names.add(name);
                if (!name.startsWith(".")) {
                    Split.ofFileName(name)
                            .ifPresent(split -> files.computeIfAbsent(split, s -> new ArrayList<>())
                                    .add(file));
                }
            }
        }
        if (files.isEmpty()) {
            throw new SourceException(
                    "dataset.source: the folder %s has no file with train, valid or test in its name, only %s"
                            .formatted(label, names));
        }
        return corpus(files, label, ratio);
    }

    private static Corpus corpus(Map<Split, List<Path>> files, String label, SplitRatio ratio) throws IOException {
        Map<RowConvention, Path> conventions = new TreeMap<>();
        StringBuilder fingerprint = new StringBuilder("files");
        Map<Split, Rows> splits = new EnumMap<>(Split.class);
        for (Map.Entry<Split, List<Path>> split : files.entrySet()) {
            List<Rows> parts = new ArrayList<>();
            for (Path file : split.getValue()) {
                conventions.put(convention(file), file);
                fingerprint.append('\n').append(split.getKey()).append(' ').append(FileHash.of(file));
                parts.add(rows(file));
            }
            splits.put(split.getKey(), Rows.concatenation(parts));
        }
        if (conventions.size() > 1) {
            throw new SourceException("dataset.source: %s mixes kinds of files: %s are not read in the same way"
                    .formatted(
                            label,
                            conventions.values().stream().map(Path::getFileName).toList()));
        }
        return new Corpus(
                label, fingerprint.toString(), conventions.keySet().iterator().next(), splits, ratio);
    }

    private static RowConvention convention(Path file) {
        String name = file.getFileName().toString();
        return isParquet(name) || WIKITEXT.matcher(name).matches() ? RowConvention.JOINED : RowConvention.AS_WRITTEN;
    }

    private static Rows rows(Path file) {
        String name = file.getFileName().toString();
        return isParquet(name) ? new ParquetRows(file, name) : new TextLines(file, name);
    }

    private static boolean isParquet(String name) {
        return name.endsWith(".parquet");
    }
}
