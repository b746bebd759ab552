package io.infinito.ingest.source;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/** Reads from the HuggingFace hub over HTTP. Safe for use by several threads. */
final class HubClient {
    private static final int MAX_REDIRECTS = 5;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    private final HubSettings settings;
    private final HttpClient http = HttpClient.newBuilder()
            // Followed here: the token must not travel to the store that a download is redirected to.
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();

    HubClient(HubSettings settings) {
        this.settings = settings;
    }

    /**
     * The body of an answer as text.
     *
     * @param path below the hub's address, encoded
     * @throws SourceException if the hub cannot be reached or answers with an error
     */
    String get(String path) {
        try (InputStream body = open(path)) {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw unreachable(path, e);
        }
    }

    /**
     * Writes the body of an answer to a file, which is complete or not there.
     *
     * @throws SourceException if the hub cannot be reached or answers with an error
     */
    void download(String path, Path file) {
        Path partial = file.resolveSibling(file.getFileName() + ".part");
        try (InputStream body = open(path)) {
            Files.copy(body, partial, StandardCopyOption.REPLACE_EXISTING);
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw unreachable(path, e);
        }
    }

    private InputStream open(String path) throws IOException {
        URI address = URI.create(settings.baseUrl().toString().replaceFirst("/$", "") + path);
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            HttpResponse<InputStream> response = send(address);
            if (response.statusCode() == 200) {
                return response.body();
            }
            response.body().close();
            if (response.statusCode() / 100 != 3) {
                throw new SourceException("dataset.source: the hub answered %s with status %d%s"
                        .formatted(address, response.statusCode(), hint(response.statusCode())));
            }
            address = address.resolve(response.headers()
                    .firstValue("location")
                    .orElseThrow(() -> new IOException("redirect without location")));
        }
        throw new IOException("more than " + MAX_REDIRECTS + " redirects");
    }

    private HttpResponse<InputStream> send(URI address) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(settings.timeout());
        if (settings.baseUrl().getAuthority().equals(address.getAuthority())) {
            settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        }
        try {
            return http.send(request.build(), BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static String hint(int status) {
        return switch (status) {
            case 401, 403 -> ": is infinito.dataset.hub.token set and allowed to read it?";
            case 404 -> ": there is no such dataset, revision or file";
            default -> "";
        };
    }

    private SourceException unreachable(String path, IOException e) {
        return new SourceException(
                "dataset.source: %s%s cannot be read from the hub: %s"
                        .formatted(settings.baseUrl(), path, e.getMessage() == null ? e : e.getMessage()),
                e);
    }
}
