package io.infinito.standalone.datasets;

import io.infinito.dataset.LocalDataset;
import io.infinito.dataset.TokenFile;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** How often each token is in a dataset, all splits together. */
public final class TokenFrequencies {
    /**
     * One token.
     *
     * @param share of all tokens, from 0 to 1
     */
    public record Frequency(int id, long count, double share) {}

    private final long[] counts;

    private TokenFrequencies(long[] counts) {
        this.counts = counts;
    }

    /** Counts all tokens of all splits. */
    public static TokenFrequencies of(LocalDataset dataset) {
        long[] counts = new long[dataset.manifest().getVocabularySize()];
        for (SplitManifest split : dataset.manifest().getSplitsList()) {
            TokenFile tokens = dataset.split(split.getName());
            for (long i = 0; i < tokens.size(); i++) {
                counts[Math.toIntExact(tokens.get(i))]++;
            }
        }
        return new TokenFrequencies(counts);
    }

    /** The most frequent tokens, the first one first; of equally frequent ones that with the smaller id. */
    public List<Frequency> top(int most) {
        double all = Arrays.stream(counts).sum();
        return IntStream.range(0, counts.length)
                .filter(id -> counts[id] > 0)
                .mapToObj(id -> new Frequency(id, counts[id], counts[id] / all))
                .sorted(Comparator.comparingLong(Frequency::count).reversed().thenComparingInt(Frequency::id))
                .limit(most)
                .toList();
    }

    /** How many of the vocabulary's tokens are there at all. */
    public long distinct() {
        return Arrays.stream(counts).filter(count -> count > 0).count();
    }

    /** A token's text in quotes, with what cannot be seen written out. */
    public static String quoted(Vocabulary vocabulary, int id) {
        if (!vocabulary.contains(id)) {
            return "?";
        }
        StringBuilder text = new StringBuilder("\"");
        vocabulary.decode(new int[] {id}).codePoints().forEach(character -> {
            switch (character) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '"' -> text.append("\\\"");
                default -> {
                    if (Character.isISOControl(character)) {
                        text.append("\\u%04x".formatted(character));
                    } else {
                        text.appendCodePoint(character);
                    }
                }
            }
        });
        return text.append('"').toString();
    }
}
