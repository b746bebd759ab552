package io.infinito.ingest.source;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * How to reach the HuggingFace hub; the times are for {@code http(s)://} sources too.
 *
 * @param baseUrl {@code http} or {@code https} address of the hub or a mirror
 * @param token for private datasets; sent to this address only
 * @param timeout for a connection, the start of an answer, and each pause in it
 * @param retryFor how long an operation is repeated while it gets no further; zero: never
 */
public record HubSettings(URI baseUrl, Optional<String> token, Duration timeout, Duration retryFor) {
    /** Checks every value; messages carry the configuration's names. */
    public HubSettings {
        boolean http = "http".equals(baseUrl.getScheme()) || "https".equals(baseUrl.getScheme());
        if (!http || baseUrl.getHost() == null) {
            throw new IllegalArgumentException(
                    "infinito.dataset.hub.base-url must be an address like https://huggingface.co, not " + baseUrl);
        }
        if (timeout.isNegative() || timeout.toMillis() < 1) {
            throw new IllegalArgumentException("infinito.dataset.hub.timeout must be more than 0, not " + timeout);
        }
        if (retryFor.isNegative()) {
            throw new IllegalArgumentException("infinito.dataset.hub.retry-for must be 0 or more, not " + retryFor);
        }
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubSettings[" + baseUrl + "]";
    }
}
