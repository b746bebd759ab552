package io.infinito.infer.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * When a generation ends.
 *
 * @param maxNewTokens at least 1
 * @param minNewTokens until so many are sampled nothing else ends it
 * @param stop at most {@value #MAX_STOP_STRINGS} strings, none empty
 * @param stopTokenIds at most {@value #MAX_STOP_TOKEN_IDS} ids that end it
 * @param includeStop whether the text ends after what stopped it instead of before
 * @param ignoreEos go on after the end-of-text token
 * @param timeLimit from the request's arrival, a millisecond to a day
 */
public record Stopping(
        int maxNewTokens,
        int minNewTokens,
        List<String> stop,
        Set<Integer> stopTokenIds,
        boolean includeStop,
        boolean ignoreEos,
        Optional<Duration> timeLimit) {
    /** What a request gets that says nothing, as the contract states it. */
    public static final int DEFAULT_MAX_NEW_TOKENS = 128;
    /** More stop strings are refused: each is looked for at each token. */
    public static final int MAX_STOP_STRINGS = 16;
    /** Longer stop strings are refused: so much text may have to be held back. */
    public static final int MAX_STOP_LENGTH = 256;
    /** More stop tokens are refused. */
    public static final int MAX_STOP_TOKEN_IDS = 128;

    private static final Duration MAX_TIME_LIMIT = Duration.ofDays(1);

    /** Checks every value; messages carry the names of the contract. */
    public Stopping {
        if (maxNewTokens < 1) {
            throw new IllegalArgumentException("stopping.max_new_tokens=" + maxNewTokens + " must be at least 1");
        }
        if (minNewTokens < 0 || minNewTokens > maxNewTokens) {
            throw new IllegalArgumentException("stopping.min_new_tokens=" + minNewTokens
                    + " must be from 0 to stopping.max_new_tokens=" + maxNewTokens);
        }
        if (stop.size() > MAX_STOP_STRINGS) {
            throw new IllegalArgumentException(
                    "stopping.stop has " + stop.size() + " strings, at most " + MAX_STOP_STRINGS + " are allowed");
        }
        if (stop.contains("")) {
            throw new IllegalArgumentException(
                    "stopping.stop[" + stop.indexOf("") + "] is empty; every text would end at once");
        }
        for (int i = 0; i < stop.size(); i++) {
            if (stop.get(i).length() > MAX_STOP_LENGTH) {
                throw new IllegalArgumentException("stopping.stop[" + i + "] has "
                        + stop.get(i).length() + " characters, at most " + MAX_STOP_LENGTH + " are allowed");
            }
        }
        if (stopTokenIds.size() > MAX_STOP_TOKEN_IDS) {
            throw new IllegalArgumentException("stopping.stop_token_ids has " + stopTokenIds.size() + " ids, at most "
                    + MAX_STOP_TOKEN_IDS + " are allowed");
        }
        timeLimit.ifPresent(limit -> {
            if (limit.toMillis() < 1 || limit.compareTo(MAX_TIME_LIMIT) > 0) {
                throw new IllegalArgumentException("stopping.time_limit_ms=" + limit.toMillis() + " must be from 1 to "
                        + MAX_TIME_LIMIT.toMillis());
            }
        });
        stop = List.copyOf(stop);
        stopTokenIds = Set.copyOf(stopTokenIds);
    }

    /** Nothing but a number of tokens, and the end of the text unless that is ignored. */
    public static Stopping after(int maxNewTokens, boolean ignoreEos) {
        return new Stopping(maxNewTokens, 0, List.of(), Set.of(), false, ignoreEos, Optional.empty());
    }
}
