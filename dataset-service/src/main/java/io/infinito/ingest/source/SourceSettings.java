package io.infinito.ingest.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What sources need besides their address.
 *
 * @param cacheFolder made when it is missing: downloads from the hub, and what is remembered of local files. May be shared by processes and
 *     deleted while none runs.
 */
public record SourceSettings(HubSettings hub, Path cacheFolder) {
    /** A folder for those who name none: {@code infinito} among the caches of the user, or in the work folder where there is no home. */
    public static Path defaultCacheFolder(Path workFolder) {
        Path caches = Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .filter(folder -> !folder.isBlank())
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"));
        Path existing =
                Files.isDirectory(caches) ? caches : caches.toAbsolutePath().getParent();
        return existing != null && Files.isWritable(existing)
                ? caches.resolve("infinito")
                : workFolder.resolve("infinito").resolve("cache");
    }
}
