package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CancellationException;
import okhttp3.HttpUrl;

/** Repeats a request with growing pauses while its failure may pass and it gets further now and then. */
record HttpRetries(Duration limit) {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);

    /** One try. */
    @FunctionalInterface
    interface Attempt<T> {
        T run(Progress progress) throws IOException;
    }

    /** Hears how far the tries of one operation came. */
    static final class Progress {
        private long farthest;
        private boolean made;

        /** A failure after getting further than ever before begins a new series. */
        void reached(long bytes) {
            made |= bytes > farthest;
            farthest = Math.max(farthest, bytes);
        }
    }

    /** A failure that may pass. */
    static final class Passing extends IOException {
        private static final long serialVersionUID = 1L;
        private final String retryAfter;

        Passing(String message) {
            this(message, null);
        }

        Passing(String message, String retryAfter) {
            super(message);
            this.retryAfter = retryAfter;
        }

        /** What the server asks for: a number of seconds, or a date. */
        Duration pause() {
            if (retryAfter == null) {
                return Duration.ZERO;
            }
            try {
                if (retryAfter.matches("\\d{1,9}")) {
                    return Duration.ofSeconds(Long.parseLong(retryAfter));
                }
                Instant date = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                return Duration.between(Instant.now(), date);
            } catch (DateTimeException e) {
                return Duration.ZERO;
            }
        }
    }

    /**
     * Tries until it succeeds.
     *
     * @throws SourceException with what the last try failed of
     * @throws CancellationException if the thread is interrupted
     */
    <T> T run(HttpUrl address, Attempt<T> attempt) {
        long end = System.nanoTime() + limit.toNanos();
        Duration pause = FIRST_PAUSE;
        Progress progress = new Progress();
        while (true) {
            try {
                return attempt.run(progress);
            } catch (HttpRefusal e) {
                throw new SourceException(e.getMessage(), e);
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw interrupted(address);
                }
                if (progress.made) {
                    end = System.nanoTime() + limit.toNanos();
                    pause = FIRST_PAUSE;
                    progress.made = false;
                }
                Duration asked = e instanceof Passing passing ? passing.pause() : Duration.ZERO;
                Duration next = asked.compareTo(pause) > 0 ? asked : pause;
                // What fails here does not pass by asking the server again.
                if (e instanceof FileSystemException || System.nanoTime() + next.toNanos() > end) {
                    throw failed(address, e, asked);
                }
                sleep(next, address);
                Duration doubled = pause.multipliedBy(2);
                pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
            }
        }
    }

    private SourceException failed(HttpUrl address, IOException e, Duration asked) {
        String wish = asked.compareTo(limit) > 0 ? ", and the server asks to wait for " + asked.toSeconds() + " s" : "";
        String reason = e instanceof Passing ? e.getMessage() : e.toString();
        return new SourceException(
                "dataset.source: %s cannot be read: %s%s (tried again for %s, infinito.dataset.hub.retry-for)"
                        .formatted(HttpRefusal.shown(address), reason, wish, limit),
                e);
    }

    private static void sleep(Duration pause, HttpUrl address) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(address);
        }
    }

    private static CancellationException interrupted(HttpUrl address) {
        return new CancellationException("interrupted while " + HttpRefusal.shown(address) + " was read");
    }
}
