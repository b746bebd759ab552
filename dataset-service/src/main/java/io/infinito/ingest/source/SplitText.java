package io.infinito.ingest.source;

import java.util.function.Consumer;

/** Makes the text of one split from its rows, and counts. Of use to one thread. */
public final class SplitText {
    /** By UTF-16 unit. What Python's {@code str.strip} takes away, since the convention for rows was made with it. */
    private static final boolean[] WHITESPACE = new boolean[1 << 16];

    static {
        for (int unit = 0; unit < WHITESPACE.length; unit++) {
            WHITESPACE[unit] = Character.isWhitespace(unit) || Character.isSpaceChar(unit) || unit == 0x85;
        }
    }

    private final RowConvention convention;
    private final Consumer<String> text;

    private boolean rowOpen;
    private boolean lineOpen;
    private boolean separatorDue;
    private boolean inWord;
    private long rows;
    private long nonEmptyRows;
    private long characters;
    private long bytes;
    private long words;

    /** The text goes to {@code text} in runs of any length. */
    public SplitText(RowConvention convention, Consumer<String> text) {
        this.convention = convention;
        this.text = text;
    }

    /** Takes the next row, or the next part of one. A row that comes in parts counts as one that is not empty. */
    public void add(TextRun run) {
        boolean startsRow = !rowOpen;
        rowOpen = !run.endsRow();
        boolean empty = startsRow && run.endsRow() && isBlank(run.text());
        if (startsRow) {
            rows++;
            nonEmptyRows += empty ? 0 : 1;
        }
        if (convention.joined()) {
            addJoined(run, startsRow, empty);
        } else {
            addAsWritten(run, startsRow);
        }
    }

    private void addJoined(TextRun run, boolean startsRow, boolean empty) {
        if (empty) {
            return;
        }
        if (startsRow && nonEmptyRows > 1) {
            emit(convention.between());
        }
        emit(run.text());
    }

    private void addAsWritten(TextRun run, boolean startsRow) {
        if (convention.between().isEmpty()) {
            // Where several files follow each other, one may lack its last line end.
            if (startsRow && lineOpen) {
                emit("\n");
            }
            lineOpen = !run.text().endsWith("\n");
        } else if (run.startsDocument()) {
            separatorDue = bytes > 0;
        }
        if (separatorDue && !run.text().isEmpty()) {
            separatorDue = false;
            emit(convention.between());
        }
        emit(run.text());
    }

    /** Rows so far. */
    public long rows() {
        return rows;
    }

    /** Rows so far that hold more than whitespace. */
    public long nonEmptyRows() {
        return nonEmptyRows;
    }

    /** Unicode code points of the text so far. */
    public long characters() {
        return characters;
    }

    /** Bytes of the text so far in UTF-8. */
    public long bytes() {
        return bytes;
    }

    /** Runs without whitespace in the text so far. */
    public long words() {
        return words;
    }

    private void emit(String run) {
        count(run);
        text.accept(run);
    }

    /** In one go with local variables, since every character of the source comes through here. */
    private void count(String run) {
        int length = run.length();
        int utf8 = length;
        int lowSurrogates = 0;
        int starts = 0;
        boolean wordOpen = inWord;
        for (int i = 0; i < length; i++) {
            char unit = run.charAt(i);
            boolean visible = !WHITESPACE[unit];
            if (visible && !wordOpen) {
                starts++;
            }
            wordOpen = visible;
            if (unit >= 0x80) {
                if (Character.isSurrogate(unit)) {
                    utf8++;
                    lowSurrogates += Character.isLowSurrogate(unit) ? 1 : 0;
                } else {
                    utf8 += unit < 0x800 ? 1 : 2;
                }
            }
        }
        inWord = wordOpen;
        words += starts;
        bytes += utf8;
        characters += length - lowSurrogates;
    }

    private static boolean isBlank(String row) {
        for (int i = 0; i < row.length(); i++) {
            if (!WHITESPACE[row.charAt(i)]) {
                return false;
            }
        }
        return true;
    }
}
