package io.infinito.storage;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.ServerException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.Set;

/** Repeats an operation with growing pauses while its failure may pass. */
final class Retries {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Set<String> PASSING =
            Set.of("SlowDown", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted");

    private final Duration limit;

    Retries(Duration limit) {
        this.limit = limit;
    }

    /** An operation; {@code number} counts from 1, so that it can tell that an earlier try may have had its effect. */
    interface Attempt<T> {
        T run(int number) throws Exception;
    }

    <T> T run(Attempt<T> attempt) throws Exception {
        long end = System.nanoTime() + limit.toNanos();
        Duration pause = FIRST_PAUSE;
        for (int number = 1; ; number++) {
            try {
                return attempt.run(number);
            } catch (Exception e) {
                if (!mayPass(e) || System.nanoTime() + pause.toNanos() > end) {
                    throw e;
                }
            }
            Thread.sleep(pause.toMillis());
            Duration doubled = pause.multipliedBy(2);
            pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
        }
    }

    static boolean mayPass(Exception e) {
        if (e instanceof ErrorResponseException refused) {
            return refused.response().code() >= 500
                    || PASSING.contains(refused.errorResponse().code());
        }
        boolean interrupted = e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException);
        boolean ownDisk = e instanceof FileSystemException || e instanceof FileNotFoundException;
        return e instanceof ServerException || (e instanceof IOException && !interrupted && !ownDisk);
    }
}
