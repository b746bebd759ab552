package io.infinito.ingest.source;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.Response;

/**
 * A successful answer, whose body is not read yet.
 *
 * @param linked what the hub said of the file before it redirected to it
 */
record HttpAnswer(Response response, Expected linked) implements AutoCloseable {
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;[^,]*\\brel=\"?next\"?");
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18}|\\*)");

    /** Where the list goes on. */
    Optional<HttpUrl> nextPage() {
        return response.headers("Link").stream()
                .map(NEXT::matcher)
                .filter(Matcher::find)
                .map(link -> response.request().url().resolve(link.group(1)))
                .findFirst();
    }

    /** Size and version of the whole file by the headers. */
    HttpFiles.Description description() {
        long size = total();
        String etag = response.header("ETag", "");
        String modified = response.header("Last-Modified", "");
        if (!etag.isEmpty()) {
            return new HttpFiles.Description(size, "etag " + etag);
        }
        return new HttpFiles.Description(
                size, modified.isEmpty() || size < 0 ? "" : "modified " + modified + " size " + size);
    }

    /** Whether it goes on after some bytes that were there before. */
    boolean continues(long have) {
        if (response.code() != 206) {
            return false;
        }
        Matcher range = CONTENT_RANGE.matcher(response.header("Content-Range", ""));
        return range.matches() && Long.parseLong(range.group(1)) == have;
    }

    /** The size of the whole file; negative where it is not said. */
    long total() {
        if (response.code() == 206) {
            Matcher range = CONTENT_RANGE.matcher(response.header("Content-Range", ""));
            return range.matches() && !range.group(2).equals("*") ? Long.parseLong(range.group(2)) : -1;
        }
        String length = response.header("Content-Length", "");
        return length.matches("\\d{1,18}") ? Long.parseLong(length) : -1;
    }

    /** What a later request can make sure with that it is still the same file; empty where there is nothing strong enough. */
    String validator() {
        String etag = response.header("ETag", "");
        return etag.startsWith("\"") ? etag : "";
    }

    @Override
    public void close() {
        response.close();
    }
}
