package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import okhttp3.Response;

/**
 * What a download must be.
 *
 * @param size in bytes; negative: not known
 * @param sha256 lower-case hex; empty: not known
 */
record Expected(long size, String sha256) {
    static final Expected NOTHING = new Expected(-1, "");

    /** What the hub says of a file that lies in a store of large files; its other ETags are not hashes of the content. */
    static Expected linked(Response response) {
        String etag = response.header("X-Linked-Etag", "").replace("\"", "");
        String size = response.header("X-Linked-Size", "");
        return new Expected(
                size.matches("\\d{1,18}") ? Long.parseLong(size) : -1, etag.matches("[0-9a-f]{64}") ? etag : "");
    }

    /** This, completed by what another source of the same knowledge says. */
    Expected or(Expected other) {
        return new Expected(size >= 0 ? size : other.size, sha256.isEmpty() ? other.sha256 : sha256);
    }

    /**
     * Compares a file with it.
     *
     * @throws HttpRetries.Passing if it is something else
     */
    void check(Path file) throws IOException {
        if (size >= 0 && Files.size(file) != size) {
            throw new HttpRetries.Passing("it has %d bytes, not %d".formatted(Files.size(file), size));
        }
        if (!sha256.isEmpty()) {
            String hash = FileHash.of(file);
            if (!hash.equals(sha256)) {
                throw new HttpRetries.Passing("its sha256 is %s, not %s".formatted(hash, sha256));
            }
        }
    }
}
