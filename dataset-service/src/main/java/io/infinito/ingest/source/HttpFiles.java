package io.infinito.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Reads over HTTP, from the HuggingFace hub and from elsewhere. What may pass is tried again; a download goes on where it broke off. Safe
 * for use by several threads.
 */
final class HttpFiles {
    private static final int MAX_REDIRECTS = 10;
    private static final int BUFFER_BYTES = 1 << 16;

    private final HubSettings settings;
    private final HttpUrl hub;
    private final HttpRetries retries;
    private final OkHttpClient client;

    HttpFiles(HubSettings settings) {
        this.settings = settings;
        this.hub = HttpUrl.get(settings.baseUrl());
        this.retries = new HttpRetries(settings.retryFor());
        this.client = new OkHttpClient.Builder()
                // Followed here: the token must not travel to the store that a download is redirected to.
                .followRedirects(false)
                .followSslRedirects(false)
                .connectTimeout(settings.timeout())
                .readTimeout(settings.timeout())
                .build();
    }

    /**
     * A page of text.
     *
     * @param next where the hub says that a list goes on
     */
    record Page(String text, Optional<HttpUrl> next) {}

    /**
     * What a server says of a file without sending it.
     *
     * @param size in bytes, or negative
     * @param version changes with the content; empty where the server has none
     */
    record Description(long size, String version) {}

    /** An address below the hub's. */
    HttpUrl atHub(String path) {
        return HttpUrl.get(settings.baseUrl().toString().replaceFirst("/+$", "") + path);
    }

    /**
     * The body of an answer.
     *
     * @throws SourceException if the server cannot be reached or answers with an error
     */
    Page page(HttpUrl address) {
        return retries.run(address, progress -> {
            try (HttpAnswer answer = send(address, new Request.Builder())) {
                String text = answer.response().body().string();
                return new Page(text, answer.nextPage().map(this::atHubOf));
            }
        });
    }

    /**
     * What the server says of a file, or empty where it does not want to say.
     *
     * @throws SourceException if the server cannot be reached or has no such file
     */
    Optional<Description> describe(HttpUrl address) {
        return retries.run(address, progress -> {
            try (HttpAnswer answer = send(address, new Request.Builder().head())) {
                Description description = answer.description();
                return description.version().isEmpty() ? Optional.empty() : Optional.of(description);
            } catch (HttpRefusal e) {
                // Some servers know GET only; whether there is such a file, that will tell.
                return Optional.empty();
            }
        });
    }

    /**
     * Writes a file, which is complete or not there; beside it lies a {@code .part}, from which the same download goes on later.
     *
     * @param expected empty where nothing is known
     * @return what the server said of it
     * @throws IOException if it cannot be written here
     * @throws SourceException if the server cannot be reached, answers with an error or sends something else
     */
    Description download(HttpUrl address, Path file, Expected expected) throws IOException {
        PartialFile partial = new PartialFile(file);
        Description description = retries.run(address, progress -> downloadOnce(address, partial, expected, progress));
        Files.move(partial.path(), file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        partial.forget();
        return description;
    }

    private Description downloadOnce(
            HttpUrl address, PartialFile partial, Expected expected, HttpRetries.Progress progress) throws IOException {
        Request.Builder request = new Request.Builder();
        long have = partial.resumableBytes();
        if (have > 0) {
            request.header("Range", "bytes=" + have + "-").header("If-Range", partial.validator());
        }
        try (HttpAnswer answer = send(address, request)) {
            long total = answer.continues(have) ? partial.append(answer) : partial.begin(answer);
            copy(answer.response(), partial.path(), progress);
            long size = Files.size(partial.path());
            if (total >= 0 && size != total) {
                throw new HttpRetries.Passing("%d of %d bytes came".formatted(size, total));
            }
            try {
                expected.or(answer.linked()).check(partial.path());
            } catch (HttpRetries.Passing e) {
                partial.forget();
                throw e;
            }
            return new Description(size, answer.description().version());
        } catch (HttpRefusal e) {
            if (e.status() == HttpRefusal.RANGE_NOT_SATISFIABLE) {
                partial.forget();
                throw new HttpRetries.Passing("the server has no bytes from " + have + " on");
            }
            throw e;
        }
    }

    private static void copy(Response response, Path file, HttpRetries.Progress progress) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream body = response.body().byteStream();
                OutputStream out = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
            long size = Files.size(file);
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                out.write(buffer, 0, read);
                size += read;
                progress.reached(size);
            }
        }
    }

    /** Follows redirects to an answer of success. */
    private HttpAnswer send(HttpUrl first, Request.Builder request) throws IOException {
        HttpUrl address = first;
        Expected linked = Expected.NOTHING;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            // Packed bodies would have neither the sizes nor the offsets of the file.
            request.url(address).header("Accept-Encoding", "identity").removeHeader("Authorization");
            boolean isHub = isHub(address);
            if (isHub) {
                settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
            }
            Response response = client.newCall(request.build()).execute();
            if (isHub) {
                linked = Expected.linked(response).or(linked);
            }
            if (response.isSuccessful()) {
                return new HttpAnswer(response, linked);
            }
            try (response) {
                if (!response.isRedirect()) {
                    throw HttpRefusal.of(address, response, isHub);
                }
                String location = response.header("Location", "");
                HttpUrl next = address.resolve(location);
                if (next == null) {
                    throw new HttpRefusal(
                            "dataset.source: %s redirects to \"%s\", which is no address".formatted(address, location),
                            response.code());
                }
                address = next;
            }
        }
        throw new HttpRefusal("dataset.source: %s redirects more than %d times".formatted(first, MAX_REDIRECTS), 0);
    }

    private boolean isHub(HttpUrl address) {
        return address.scheme().equals(hub.scheme())
                && address.host().equals(hub.host())
                && address.port() == hub.port();
    }

    /** Mirrors hand on lists whose next pages are at the hub that they mirror. */
    private HttpUrl atHubOf(HttpUrl next) {
        return next.newBuilder()
                .scheme(hub.scheme())
                .host(hub.host())
                .port(hub.port())
                .build();
    }
}
