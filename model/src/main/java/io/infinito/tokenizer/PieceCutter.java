package io.infinito.tokenizer;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts a stream of text into pieces that can be tokenized apart: the ids of the pieces, put together, are those of the whole text.
 *
 * <p>GPT-2's pre-tokenizer splits the text into words before any merge. A cut between two of its words that looks the same from either
 * side goes unnoticed. From the target size on, in this order of preference:
 *
 * <ol>
 *   <li>before a space between two letters, where the pre-tokenizers of most newer models split as well, see {@link CutRule},
 *   <li>before a space or line feed after a visible character: no word of GPT-2 goes on after a visible character with whitespace,
 *   <li>where letters, numbers and other visible characters meet: a word has one kind of them only, but for a contraction, which
 *       starts with an apostrophe. This is how text without spaces can be cut.
 * </ol>
 *
 * The better places are preferred within as much as another target size; then any will do. {@code <|endoftext|>} stays whole. The same
 * text gives the same pieces, however it is handed over. Takes time in proportion to the text, and memory for one piece. Of use to one
 * thread.
 */
public final class PieceCutter {
    private static final int FIRST_CAPACITY = 1 << 13;
    private static final int NONE = -1;
    /** Characters that a message quotes. */
    private static final int SHOWN = 20;

    private final int targetBytes;
    private final int maximumBytes;
    /** Size from which on the next best place is taken. */
    private final int contentBytes;

    private final Consumer<String> pieces;

    /** From {@link #start} to {@link #end}: the piece that is being made, and after {@link #at} what has not been looked at. */
    private char[] text = new char[FIRST_CAPACITY];

    private int start;
    private int end;
    private int at;
    /** UTF-8 bytes of the text before {@link #at}. */
    private int bytes;
    /** The code point before {@link #at}. */
    private int previous;

    private int afterVisible = NONE;
    private int betweenKinds = NONE;
    private long cutBytes;

    /**
     * Pieces of at least {@code targetBytes} bytes of UTF-8, the last one excepted, and at most {@code maximumBytes}.
     *
     * @throws IllegalArgumentException if the sizes are not 1 &le; target &le; maximum
     */
    public PieceCutter(int targetBytes, int maximumBytes, Consumer<String> pieces) {
        if (targetBytes < 1 || maximumBytes < targetBytes) {
            throw new IllegalArgumentException(
                    "targetBytes %d must be from 1 to maximumBytes %d".formatted(targetBytes, maximumBytes));
        }
        this.targetBytes = targetBytes;
        this.maximumBytes = maximumBytes;
        this.contentBytes = (int) Math.min(maximumBytes, 2L * targetBytes);
        this.pieces = pieces;
    }

    /**
     * Takes more of the text and hands on the pieces that it completes.
     *
     * @throws IllegalArgumentException if there is no place to cut in time; the message says where
     */
    public void append(CharSequence more) {
        int from = 0;
        while (from < more.length()) {
            if (end == text.length) {
                makeRoom();
            }
            int taken = Math.min(more.length() - from, text.length - end);
            copy(more, from, taken);
            from += taken;
            end += taken;
            scan(false);
        }
    }

    /**
     * Hands on what is left, if anything.
     *
     * @throws IllegalArgumentException if there is no place to cut in time; the message says where
     */
    public void finish() {
        scan(true);
        if (start < end) {
            emit(end);
        }
        cutBytes = 0;
    }

    private void makeRoom() {
        if (start < text.length / 2) {
            text = Arrays.copyOf(text, 2 * text.length);
            return;
        }
        System.arraycopy(text, start, text, 0, end - start);
        at -= start;
        end -= start;
        afterVisible = afterVisible == NONE ? NONE : afterVisible - start;
        betweenKinds = betweenKinds == NONE ? NONE : betweenKinds - start;
        start = 0;
    }

    private void copy(CharSequence more, int from, int count) {
        if (more instanceof String string) {
            string.getChars(from, from + count, text, end);
        } else {
            for (int i = 0; i < count; i++) {
                text[end + i] = more.charAt(from + i);
            }
        }
    }

    private void scan(boolean last) {
        skipAscii();
        while (at < end) {
            int codePoint = Character.codePointAt(text, at, end);
            int after = at + Character.charCount(codePoint);
            if (!last && after == end && Character.isHighSurrogate(text[end - 1])) {
                return;
            }
            if (bytes >= targetBytes) {
                if (codePoint == ' ' && CharacterClass.of(previous) == CharacterClass.LETTER) {
                    if (!last && (after == end || (after + 1 == end && Character.isHighSurrogate(text[after])))) {
                        return;
                    }
                    if (after < end
                            && CharacterClass.of(Character.codePointAt(text, after, end)) == CharacterClass.LETTER) {
                        emit(at);
                        continue;
                    }
                }
                noteCut(codePoint);
                if (bytes >= contentBytes && emitNoted()) {
                    continue;
                }
            }
            int size = utf8Bytes(codePoint);
            if (bytes + size > maximumBytes) {
                if (emitNoted()) {
                    continue;
                }
                throw uncuttable();
            }
            bytes += size;
            previous = codePoint;
            at = after;
        }
    }

    /** Goes through text that nearly all is, where no cut is wanted yet. */
    private void skipAscii() {
        int from = at;
        int limit = (int) Math.min(end, (long) at + targetBytes - bytes);
        while (at < limit && text[at] < 0x80) {
            at++;
        }
        if (at > from) {
            bytes += at - from;
            previous = text[at - 1];
        }
    }

    /** Remembers the first place of each of the lesser kinds. */
    private void noteCut(int codePoint) {
        byte before = CharacterClass.of(previous);
        if (before == CharacterClass.WHITESPACE) {
            return;
        }
        if (codePoint == ' ' || codePoint == '\n') {
            if (afterVisible == NONE) {
                afterVisible = at;
            }
        } else if (betweenKinds == NONE) {
            byte kind = CharacterClass.of(codePoint);
            if (kind != before
                    && kind != CharacterClass.WHITESPACE
                    && previous != '\''
                    && codePoint != '\''
                    // Either may be inside of <|endoftext|>.
                    && !(previous == '|' && codePoint == 'e')
                    && !(previous == 't' && codePoint == '|')) {
                betweenKinds = at;
            }
        }
    }

    private boolean emitNoted() {
        int cut = afterVisible != NONE ? afterVisible : betweenKinds;
        if (cut == NONE) {
            return false;
        }
        emit(cut);
        return true;
    }

    /** Hands on the text before {@code cut} and starts again from there. */
    private void emit(int cut) {
        String piece = new String(text, start, cut - start);
        for (int i = cut; i < at; ) {
            int codePoint = Character.codePointAt(text, i, end);
            bytes -= utf8Bytes(codePoint);
            i += Character.charCount(codePoint);
        }
        cutBytes += bytes;
        start = cut;
        at = cut;
        bytes = 0;
        afterVisible = NONE;
        betweenKinds = NONE;
        pieces.accept(piece);
        skipAscii();
    }

    private static int utf8Bytes(int codePoint) {
        if (codePoint < 0x80) {
            return 1;
        }
        if (codePoint < 0x800) {
            return 2;
        }
        if (codePoint >= Character.MIN_SUPPLEMENTARY_CODE_POINT) {
            return 4;
        }
        // Half of a surrogate pair is not Unicode; Java writes it as a question mark.
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE ? 1 : 3;
    }

    private IllegalArgumentException uncuttable() {
        int from = Math.max(start, at - SHOWN);
        return new IllegalArgumentException(
                "text: no place to cut from byte %d to byte %d, which ends with \"%s\": pieces of at most %d bytes need a space, a line end, or a change between letters, digits and punctuation there"
                        .formatted(
                                cutBytes + targetBytes,
                                cutBytes + bytes,
                                new String(text, from, at - from),
                                maximumBytes));
    }
}
