package io.infinito.standalone;

import java.io.PrintStream;

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
