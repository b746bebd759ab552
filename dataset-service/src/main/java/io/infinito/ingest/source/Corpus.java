package io.infinito.ingest.source;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * The rows of a source by split. Where the source brings no validation split, its train split is divided by the ratio that the
 * specification gives.
 */
public final class Corpus {
    private final String fingerprint;
    private final RowConvention convention;
    private final Map<Split, Rows> splits;
    private final SplitRatio ratio;

    /**
     * A corpus of the splits that the source has.
     *
     * @param label what messages call the source
     * @param fingerprint differs whenever the text may differ
     * @throws SourceException if there is nothing to train with
     */
    Corpus(String label, String fingerprint, RowConvention convention, Map<Split, Rows> splits, SplitRatio ratio) {
        if (!splits.containsKey(Split.TRAIN)) {
            throw new SourceException("dataset.source: %s has no train split, only %s"
                    .formatted(
                            label, splits.keySet().stream().map(Split::wireName).collect(Collectors.joining(", "))));
        }
        this.fingerprint = fingerprint;
        this.convention = convention;
        this.splits = new EnumMap<>(splits);
        this.ratio = ratio;
    }

    /** How its rows become text. */
    public RowConvention convention() {
        return convention;
    }

    /** Equal identities mean equal text in equal splits: what the source is, how rows become text, and the ratio where it matters. */
    public String identity() {
        return fingerprint + "\n" + convention + "\n" + (isDivided() ? ratio : "own splits");
    }

    /**
     * Hands on every row with its split, split after split.
     *
     * @throws IOException if the source cannot be read
     * @throws SourceException if it is not what it should be
     */
    public void read(BiConsumer<Split, String> sink) throws IOException {
        for (Map.Entry<Split, Rows> split : splits.entrySet()) {
            if (split.getKey() == Split.TRAIN && isDivided()) {
                divide(split.getValue(), sink);
            } else {
                split.getValue().forEach(row -> sink.accept(split.getKey(), row));
            }
        }
    }

    private boolean isDivided() {
        return !splits.containsKey(Split.VALIDATION);
    }

    /** Reads twice: shares of the characters need their number first. */
    private void divide(Rows rows, BiConsumer<Split, String> sink) throws IOException {
        // A test split that the source brings is not to be mixed with a share of the train split.
        SplitRatio shares = splits.containsKey(Split.TEST) ? new SplitRatio(ratio.validation(), 0) : ratio;
        SplitText whole = new SplitText(convention, run -> {});
        rows.forEach(whole::add);
        SplitText position = new SplitText(convention, run -> {});
        rows.forEach(row -> {
            Split split = shares.of(position.characters(), whole.characters());
            position.add(row);
            sink.accept(split, row);
        });
    }
}
