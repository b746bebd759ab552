package io.infinito.ingest.source;

import java.util.function.Consumer;

/** Makes the text of one split from its rows, and counts. Of use to one thread. */
public final class SplitText {
    private final RowConvention convention;
    private final Consumer<String> text;

    private boolean lineOpen;
    private long rows;
    private long nonEmptyRows;
    private long characters;

    /** The text goes to {@code text} in runs of any length. */
    public SplitText(RowConvention convention, Consumer<String> text) {
        this.convention = convention;
        this.text = text;
    }

    /** Takes the next row. */
    public void add(String row) {
        rows++;
        boolean blank = row.chars().allMatch(SplitText::isBlank);
        if (!blank) {
            nonEmptyRows++;
        }
        if (convention == RowConvention.JOINED) {
            if (blank) {
                return;
            }
            if (nonEmptyRows > 1) {
                emit("\n");
            }
        } else {
            // Where several files follow each other, one may lack its last line end.
            if (lineOpen) {
                emit("\n");
            }
            lineOpen = !row.endsWith("\n");
        }
        emit(row);
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

    private void emit(String run) {
        characters += run.codePointCount(0, run.length());
        text.accept(run);
    }

    /** What Python's {@code str.strip} takes away, since the convention was made with it. */
    private static boolean isBlank(int character) {
        return Character.isWhitespace(character) || Character.isSpaceChar(character) || character == 0x85;
    }
}
