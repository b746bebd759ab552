package io.infinito.ingest.source;

import java.io.IOException;
import okhttp3.HttpUrl;
import okhttp3.Response;

/** An answer that asking again would not change. The message is a sentence for whoever asked for the dataset. */
final class HttpRefusal extends IOException {
    static final int NOT_FOUND = 404;
    static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int REQUEST_TIMEOUT = 408;
    private static final long serialVersionUID = 1L;

    private final int status;

    HttpRefusal(String message, int status) {
        super(message);
        this.status = status;
    }

    /** What an answer that is neither success nor redirect comes to. */
    static IOException of(HttpUrl address, Response response, boolean isHub) {
        int status = response.code();
        if (status == TOO_MANY_REQUESTS || status == REQUEST_TIMEOUT || status >= 500) {
            return new HttpRetries.Passing("status " + status, response.header("Retry-After"));
        }
        return new HttpRefusal(
                "dataset.source: %s was answered with status %d%s"
                        .formatted(shown(address), status, hint(status, isHub)),
                status);
    }

    /** An address as messages may show it: what is signed stays out of them. */
    static String shown(HttpUrl address) {
        return address.newBuilder().query(null).fragment(null).build().toString();
    }

    /** Of the answer; 0 where that does not tell. */
    int status() {
        return status;
    }

    private static String hint(int status, boolean isHub) {
        return switch (status) {
            case 401, 403 ->
                isHub
                        ? ": is infinito.dataset.hub.token set and allowed to read it? The hub says so of names that do not exist, too"
                        : ": it is not open to everybody";
            case NOT_FOUND, 410 -> isHub ? ": there is no such dataset, revision or file" : ": there is no such file";
            default -> "";
        };
    }
}
