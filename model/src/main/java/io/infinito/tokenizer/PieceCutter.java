package io.infinito.tokenizer;

import java.util.function.Consumer;

/**
 * Cuts a stream of text into pieces that can be tokenized apart: the ids of the pieces, put together, are those of the whole text.
 *
 * <p>GPT-2's pre-tokenizer splits the text into words before any merge, and no word of it joins a visible character to whitespace
 * after it. So a cut just before a space or a line feed that follows a visible character goes unnoticed; others may not. The same
 * text gives the same pieces, however it is handed over. Of use to one thread.
 */
public final class PieceCutter {
    /**
     * Default size, in UTF-16 units: some 400 KB of UTF-8 and 800 KB of two-byte ids at the very worst, under the 1 MiB that Kafka
     * takes as a record without settings.
     */
    public static final int TARGET_LENGTH = 1 << 17;
    /** Default for the length that no piece may exceed, in UTF-16 units. */
    public static final int MAXIMUM_LENGTH = TARGET_LENGTH + (TARGET_LENGTH >> 2);

    private final int targetLength;
    private final int maximumLength;
    private final Consumer<String> pieces;
    private final StringBuilder text = new StringBuilder();
    /** Where the search for a cut goes on. */
    private int searchFrom;

    private long cutLength;

    /** Pieces of the default size. */
    public PieceCutter(Consumer<String> pieces) {
        this(TARGET_LENGTH, MAXIMUM_LENGTH, pieces);
    }

    /**
     * Pieces of at least {@code targetLength} UTF-16 units, the last one excepted, and at most {@code maximumLength}.
     *
     * @throws IllegalArgumentException if the lengths are not 1 &le; target &le; maximum
     */
    public PieceCutter(int targetLength, int maximumLength, Consumer<String> pieces) {
        if (targetLength < 1 || maximumLength < targetLength) {
            throw new IllegalArgumentException(
                    "targetLength %d must be from 1 to maximumLength %d".formatted(targetLength, maximumLength));
        }
        this.targetLength = targetLength;
        this.maximumLength = maximumLength;
        this.pieces = pieces;
        this.searchFrom = targetLength;
    }

    /**
     * Takes more of the text and hands on the pieces that it completes.
     *
     * @throws IllegalArgumentException if there is no place to cut in time; the message says where
     */
    public void append(CharSequence more) {
        text.append(more);
        int start = 0;
        while (true) {
            int cut = nextCut(start);
            if (cut < 0) {
                break;
            }
            emit(text.substring(start, cut));
            start = cut;
            searchFrom = start + targetLength;
        }
        text.delete(0, start);
        searchFrom = Math.max(targetLength, text.length());
        if (text.length() > maximumLength) {
            throw uncuttable();
        }
    }

    /** Hands on what is left, if anything. */
    public void finish() {
        if (!text.isEmpty()) {
            emit(text.toString());
        }
        text.setLength(0);
        searchFrom = targetLength;
    }

    /** Whether a text may be cut between two characters that follow each other. */
    static boolean isCut(char before, char after) {
        return (after == ' ' || after == '\n') && isVisible(before);
    }

    private int nextCut(int start) {
        for (int i = searchFrom; i < text.length(); i++) {
            if (i - start > maximumLength) {
                throw uncuttable();
            }
            if (isCut(text.charAt(i - 1), text.charAt(i))) {
                return i;
            }
        }
        return -1;
    }

    /**
     * False for all that any version of Unicode calls whitespace, and for controls and formats, about which versions differ. Half of a
     * surrogate pair counts as visible: no whitespace lies beyond U+FFFF.
     */
    private static boolean isVisible(char character) {
        return !Character.isWhitespace(character)
                && !Character.isSpaceChar(character)
                && !Character.isISOControl(character)
                && Character.getType(character) != Character.FORMAT;
    }

    private void emit(String piece) {
        cutLength += piece.length();
        pieces.accept(piece);
    }

    private IllegalArgumentException uncuttable() {
        return new IllegalArgumentException(
                "text has no space or line end for %d characters after character %d: it must have one, so that it can be cut without a change of its tokens"
                        .formatted(maximumLength - targetLength, cutLength + targetLength));
    }
}
