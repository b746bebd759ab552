package io.infinito.ingest.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Parquet files of a dataset on the HuggingFace hub, fetched when they are read first. */
final class HubSource {
    private final HubClient hub;
    private final Path folder;

    /**
     * A source that downloads to a folder.
     *
     * @param folder to be deleted by the caller when the corpus is done with
     */
    HubSource(HubClient hub, Path folder) {
        this.hub = hub;
        this.folder = folder;
    }

    /**
     * Finds the files of a configuration: {@code CONFIG/SPLIT-*.parquet} or {@code CONFIG/SPLIT/*.parquet}.
     *
     * @throws SourceException if the hub has no such files
     */
    Corpus open(SourceAddress.Hub address, SplitRatio ratio) {
        String label =
                "hf://%s/%s/%s@%s".formatted(address.owner(), address.name(), address.config(), address.revision());
        String dataset = "/datasets/" + address.owner() + "/" + address.name();
        JsonNode revision = json(hub.get("/api" + dataset + "/revision/" + encode(address.revision())), label);
        String commit = revision.path("sha").asText();
        if (commit.isEmpty()) {
            throw new SourceException("dataset.source: " + label + ": the hub named no commit");
        }
        Map<Split, List<Rows>> files = new EnumMap<>(Split.class);
        for (String path : new TreeSet<>(paths(revision))) {
            if (path.startsWith(address.config() + "/") && path.endsWith(".parquet")) {
                Split.ofFileName(path.substring(address.config().length()))
                        .ifPresent(split -> files.computeIfAbsent(split, s -> new ArrayList<>())
                                .add(new Download(dataset + "/resolve/" + commit + "/" + path, path)));
            }
        }
        if (files.isEmpty()) {
            throw new SourceException("dataset.source: " + label
                    + " has no Parquet file of a train, validation or test split in " + address.config() + "/");
        }
        Map<Split, Rows> splits = new EnumMap<>(Split.class);
        files.forEach((split, parts) -> splits.put(split, Rows.concatenation(parts)));
        // The commit settles the content, so that a dataset that is prepared already needs no download.
        String fingerprint = "hf\n%s/%s/%s@%s".formatted(address.owner(), address.name(), address.config(), commit);
        return new Corpus(label, fingerprint, RowConvention.JOINED, splits, ratio);
    }

    private static List<String> paths(JsonNode revision) {
        List<String> paths = new ArrayList<>();
        revision.path("siblings")
                .forEach(file -> paths.add(file.path("rfilename").asText()));
        return paths;
    }

    private static JsonNode json(String body, String label) {
        try {
            return new ObjectMapper().readTree(body);
        } catch (JsonProcessingException e) {
            throw new SourceException("dataset.source: " + label + ": the hub's answer is not JSON", e);
        }
    }

    private static String encode(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** One file of the dataset. */
    private final class Download implements Rows {
        private final String address;
        private final String path;

        Download(String address, String path) {
            this.address = address;
            this.path = path;
        }

        @Override
        public void forEach(Consumer<String> sink) throws IOException {
            Path file = folder.resolve(path.replace('/', '-'));
            if (!Files.exists(file)) {
                hub.download(address, file);
            }
            new ParquetRows(file, path).forEach(sink);
        }
    }
}
