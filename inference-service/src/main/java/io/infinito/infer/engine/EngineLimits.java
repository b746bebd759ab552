package io.infinito.infer.engine;

import java.time.Duration;

/**
 * How much the engine takes on.
 *
 * @param maxRunning generations that have a cache and are fed in one batch
 * @param maxWaiting generations that wait for one to end
 * @param maxWaitingPerClient of these, those of one client; more than maxWaiting is as much as maxWaiting
 * @param prefillBudget how long reading prompts may hold up what is being decoded
 * @param slowReaderTimeout how long a reader may leave a chunk unread before its generation is dropped
 */
public record EngineLimits(
        int maxRunning, int maxWaiting, int maxWaitingPerClient, Duration prefillBudget, Duration slowReaderTimeout) {
    /** Checks every value; messages carry the configuration's names. */
    public EngineLimits {
        require(maxRunning >= 1, "max-running", maxRunning, "at least 1");
        require(maxWaiting >= 0, "max-waiting", maxWaiting, "at least 0");
        require(maxWaitingPerClient >= 0, "max-waiting-per-client", maxWaitingPerClient, "at least 0");
        require(prefillBudget.toNanos() > 0, "prefill-budget", prefillBudget, "longer than 0");
        require(slowReaderTimeout.toMillis() > 0, "slow-reader-timeout", slowReaderTimeout, "longer than 0");
    }

    /** Caches that may be open at once: a sequence reads ahead into a second one before its context is full. */
    public int caches() {
        return 2 * maxRunning;
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException("infinito.inference." + name + "=" + value + " must be " + expected);
        }
    }
}
