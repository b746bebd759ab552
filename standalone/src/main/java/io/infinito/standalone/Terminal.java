package io.infinito.standalone;

import java.io.PrintStream;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where a command writes. Results go to standard output; with {@code --json} nothing else does, and what is meant for people goes to
 * standard error.
 *
 * @param out results
 * @param notes for people
 * @param interactive whether {@code out} is a terminal whose cursor can be moved
 * @param columns of that terminal
 */
public record Terminal(PrintStream out, PrintStream notes, boolean interactive, int columns) {
    private static final int USUAL_COLUMNS = 100;

    /** Standard output and error, as the launcher found them. */
    static Terminal standard(boolean json) {
        boolean interactive = Boolean.getBoolean("infinito.terminal");
        int columns = Integer.getInteger("infinito.terminal.columns", USUAL_COLUMNS);
        return new Terminal(System.out, json ? System.err : System.out, interactive && !json, columns);
    }

    /** Whether letters beyond ASCII are shown: Java writes those of the locale, and a question mark for others. */
    boolean unicode() {
        return Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                .map(System.getenv()::get)
                .filter(value -> value != null && !value.isEmpty())
                .findFirst()
                .filter(value -> value.toUpperCase(Locale.ROOT).replace("-", "").endsWith("UTF8"))
                .isPresent();
    }

    /** A line for people. */
    void say(String line) {
        notes.println(line);
        notes.flush();
    }

    /** A line of the result. */
    void result(String line) {
        out.println(line);
        out.flush();
    }
}
