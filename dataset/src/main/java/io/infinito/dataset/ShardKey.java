package io.infinito.dataset;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The key of a shard's record: {@code dataset/split/index}, and {@code /part} for the second and later shards of a piece.
 *
 * @param datasetId the dataset's id
 * @param split train, validation or test
 * @param index of the piece, from 0
 * @param part of the piece, from 0
 */
public record ShardKey(String datasetId, String split, int index, int part) {
    private static final Pattern FORM = Pattern.compile("([^/]+)/([^/]+)/(\\d{1,9})(?:/(\\d{1,9}))?");

    /** The key that {@code text} is, or empty if it is none. */
    public static Optional<ShardKey> parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        int part = parts.group(4) == null ? 0 : Integer.parseInt(parts.group(4));
        return Optional.of(new ShardKey(parts.group(1), parts.group(2), Integer.parseInt(parts.group(3)), part));
    }

    /** The record's key. */
    @Override
    public String toString() {
        String piece = datasetId + "/" + split + "/" + index;
        return part == 0 ? piece : piece + "/" + part;
    }
}
