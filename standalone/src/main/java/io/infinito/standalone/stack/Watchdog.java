package io.infinito.standalone.stack;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;

/**
 * A small shell that outlives this process just long enough to end the others when this one was killed without a chance to do so. It
 * reads process ids from a pipe; the pipe's end is the sign.
 */
final class Watchdog implements AutoCloseable {
    private static final String SCRIPT = """
            trap '' INT TERM HUP
            pids=
            while read -r line; do
              case $line in
                released) pids= ;;
                *) pids="$pids $line" ;;
              esac
            done
            [ -n "$pids" ] || exit 0
            kill $pids 2>/dev/null
            for second in 1 2 3 4 5 6 7 8 9 10; do
              kill -0 $pids 2>/dev/null || exit 0
              sleep 1
            done
            kill -9 $pids 2>/dev/null
            """;

    private final Process process;
    private final Writer pids;

    Watchdog() {
        try {
            process = new ProcessBuilder("/bin/sh", "-c", SCRIPT)
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new StackFailure("cannot start /bin/sh: " + e.getMessage(), e);
        }
        pids = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    }

    void guard(ServiceProcess child) {
        tell(String.valueOf(child.pid()));
    }

    /** Tells it that the others have ended in order, and lets it end too. */
    @Override
    public void close() {
        tell("released");
        try {
            pids.close();
        } catch (IOException e) {
            // It has gone already.
        }
    }

    private void tell(String line) {
        try {
            pids.write(line + "\n");
            pids.flush();
        } catch (IOException e) {
            // Without the watchdog everything works but the clean-up after a kill -9.
        }
    }
}
