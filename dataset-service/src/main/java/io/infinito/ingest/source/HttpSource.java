package io.infinito.ingest.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import okhttp3.HttpUrl;

/**
 * One file of a web server.
 *
 * @param folder for the download, while it is read
 */
record HttpSource(HttpFiles http, Path folder) {
    /**
     * Asks the server for the file, and fetches it only if the server cannot say which version it has.
     *
     * @throws IOException if it cannot be written here
     * @throws SourceException if there is no such file
     */
    FileListing list(SourceAddress.Http source) throws IOException {
        HttpUrl address = HttpUrl.get(source.address());
        String name = address.pathSegments().get(address.pathSize() - 1);
        Path file = folder.resolve("download");
        Optional<HttpFiles.Description> described = http.describe(address);
        if (described.isPresent()) {
            long size = described.get().size();
            String version = described.get().version();
            return listing(address, new HttpFile(name, size, address + " " + version, () -> {
                HttpFiles.Description came = http.download(address, file, new Expected(size, ""));
                if (!came.version().equals(version)) {
                    throw new SourceException("dataset.source: " + HttpRefusal.shown(address)
                            + " was changed while it was read: ask again");
                }
                return FetchedFile.temporary(file);
            }));
        }
        http.download(address, file, Expected.NOTHING);
        return listing(address, new HttpFile(name, Files.size(file), FileHash.of(file), () -> {
            if (!Files.exists(file)) {
                http.download(address, file, Expected.NOTHING);
            }
            return FetchedFile.temporary(file);
        }));
    }

    private static FileListing listing(HttpUrl address, HttpFile file) {
        return new FileListing(HttpRefusal.shown(address), false, List.of(file));
    }

    /** Brings the file here. */
    @FunctionalInterface
    private interface Fetching {
        FetchedFile run() throws IOException;
    }

    /** The file. */
    private record HttpFile(String path, long size, String identity, Fetching fetching) implements SourceFile {
        @Override
        public FetchedFile fetch() throws IOException {
            return fetching.run();
        }
    }
}
