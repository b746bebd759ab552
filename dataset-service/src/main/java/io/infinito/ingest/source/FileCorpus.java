package io.infinito.ingest.source;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Reads the files of a source, one after the other. */
final class FileCorpus {
    private final Map<Split, List<SourceFile>> splits;
    private final CorpusRules rules;
    private final RowConvention convention;
    /** Of the train files, where there are none for validation. */
    private final Optional<Division> division;

    private FileCorpus(FileListing listing, CorpusRules rules) {
        this.rules = rules;
        this.splits = rules.splits().assign(listing);
        this.convention = convention(listing.label());
        if (splits.get(Split.TRAIN).stream().allMatch(file -> file.size() == 0)) {
            throw new SourceException("dataset.source: %s has no text in its train split: %s is empty"
                    .formatted(listing.label(), splits.get(Split.TRAIN).get(0).path()));
        }
        this.division = splits.containsKey(Split.VALIDATION) ? Optional.empty() : Optional.of(divide(listing.label()));
    }

    /**
     * The corpus of some files.
     *
     * @throws IOException if a file has to be read to identify it, and cannot be
     * @throws SourceException if the files cannot be taken together, or leave nothing to train with
     */
    static Corpus of(FileListing listing, CorpusRules rules) throws IOException {
        FileCorpus files = new FileCorpus(listing, rules);
        return new Corpus(files.fingerprint(), files.convention, files.totalBytes(), files::read);
    }

    private RowConvention convention(String label) {
        Map<String, SourceFile> kinds = new TreeMap<>();
        RowConvention found = RowConvention.AS_WRITTEN;
        for (List<SourceFile> files : splits.values()) {
            for (SourceFile file : files) {
                found = format(file).convention(rules.documentSeparator());
                kinds.putIfAbsent(found.toString(), file);
            }
        }
        if (kinds.size() > 1) {
            throw new SourceException("dataset.source: %s mixes kinds of files: %s are not read in the same way"
                    .formatted(
                            label,
                            FileListing.contents(kinds.values().stream()
                                    .map(SourceFile::path)
                                    .toList())));
        }
        return found;
    }

    private Division divide(String label) {
        List<SourceFile> train = splits.get(Split.TRAIN);
        long[] sizes = train.stream().mapToLong(SourceFile::size).toArray();
        SplitRatio ratio = rules.splits().ratio();
        // A test split that the source brings is not to be mixed with a share of the train split.
        SplitRatio shares = splits.containsKey(Split.TEST) ? new SplitRatio(ratio.validation(), 0) : ratio;
        // Rows are documents, or parts of one where there is nothing else to divide.
        return convention.joined() || train.size() == 1
                ? Division.betweenRows(sizes, shares)
                : Division.betweenFiles(label, sizes, shares);
    }

    private String fingerprint() throws IOException {
        StringBuilder text = new StringBuilder("files ").append(rules.encodingErrors());
        boolean hasFields = false;
        for (Map.Entry<Split, List<SourceFile>> split : splits.entrySet()) {
            for (SourceFile file : split.getValue()) {
                FileFormat format = format(file);
                hasFields |= format.hasRowsForDocuments();
                text.append('\n').append(split.getKey()).append(' ').append(format.kind());
                text.append(' ').append(format.compression()).append(' ').append(file.identity());
            }
        }
        if (hasFields) {
            text.append("\nfield ").append(rules.textField());
        }
        division.ifPresent(boundaries -> text.append('\n').append(boundaries));
        return text.toString();
    }

    private OptionalLong totalBytes() {
        long total = 0;
        for (List<SourceFile> files : splits.values()) {
            for (SourceFile file : files) {
                long size = format(file).textSize(file.size());
                if (size < 0) {
                    return OptionalLong.empty();
                }
                total += size;
            }
        }
        return OptionalLong.of(total);
    }

    private void read(BiConsumer<Split, TextRun> sink) throws IOException {
        for (Map.Entry<Split, List<SourceFile>> split : splits.entrySet()) {
            List<SourceFile> files = split.getValue();
            for (int i = 0; i < files.size(); i++) {
                try (FetchedFile file = files.get(i).fetch()) {
                    Rows rows =
                            format(files.get(i)).rows(file.path(), files.get(i).path(), rules);
                    if (split.getKey() == Split.TRAIN && division.isPresent()) {
                        readDivided(rows, i, division.get(), sink);
                    } else {
                        rows.forEach((position, run) -> sink.accept(split.getKey(), run));
                    }
                }
            }
        }
    }

    private static void readDivided(Rows rows, int file, Division division, BiConsumer<Split, TextRun> sink)
            throws IOException {
        long extent = division.cuts(file) ? rows.extent() : 0;
        rows.forEach((position, run) -> sink.accept(division.of(file, position, extent), run));
    }

    private static FileFormat format(SourceFile file) {
        return FileFormat.ofName(file.path());
    }
}
