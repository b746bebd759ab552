package io.infinito.standalone;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/** The columns of the terminal as they are now. Java hears of no change of size, so the terminal is asked, at most a few times a second. */
final class TerminalSize implements IntSupplier {
    private static final long ASK_AGAIN_NANOS = Duration.ofMillis(200).toNanos();
    private static final int ANSWER_MILLIS = 500;

    private int columns;
    private long askedNanos = System.nanoTime();

    /** @param columns that the launcher found */
    TerminalSize(int columns) {
        this.columns = columns;
    }

    @Override
    public int getAsInt() {
        long now = System.nanoTime();
        if (now - askedNanos > ASK_AGAIN_NANOS) {
            columns = ask(columns);
            askedNanos = now;
        }
        return columns;
    }

    private static int ask(int before) {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!stty.waitFor(ANSWER_MILLIS, TimeUnit.MILLISECONDS)) {
                stty.destroyForcibly();
                return before;
            }
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return answer.matches("\\d+ [1-9]\\d*") ? Integer.parseInt(answer.replaceFirst(".* ", "")) : before;
        } catch (IOException e) {
            return before;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return before;
        }
    }
}
