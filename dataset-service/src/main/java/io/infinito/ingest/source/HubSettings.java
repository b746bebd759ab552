package io.infinito.ingest.source;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * How to reach the HuggingFace hub.
 *
 * @param baseUrl {@code http} or {@code https} address
 * @param token for private datasets; sent to this address only
 * @param timeout for the start of an answer
 */
public record HubSettings(URI baseUrl, Optional<String> token, Duration timeout) {
    /** Checks every value; messages carry the configuration's names. */
    public HubSettings {
        if (!"http".equals(baseUrl.getScheme()) && !"https".equals(baseUrl.getScheme())) {
            throw new IllegalArgumentException(
                    "infinito.dataset.hub.base-url must be an address like https://huggingface.co, not " + baseUrl);
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("infinito.dataset.hub.timeout must be more than 0, not " + timeout);
        }
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubSettings[" + baseUrl + "]";
    }
}
