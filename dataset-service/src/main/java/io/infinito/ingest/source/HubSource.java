package io.infinito.ingest.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import okhttp3.HttpUrl;

/** Parquet files of a dataset on the HuggingFace hub, fetched to a cache when they are read. */
record HubSource(HttpFiles http, DownloadCache cache) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Finds the files of a configuration: all Parquet files in the folder of that name, which are named {@code SPLIT-*.parquet} or
     * {@code SPLIT/*.parquet}.
     *
     * @throws SourceException if the hub has no such files
     */
    FileListing list(SourceAddress.Hub address) {
        String label =
                "hf://%s/%s/%s@%s".formatted(address.owner(), address.name(), address.config(), address.revision());
        String dataset = "/datasets/" + address.owner() + "/" + address.name();
        JsonNode revision = json(
                http.page(http.atHub("/api" + dataset + "/revision/" + encode(address.revision())))
                        .text(),
                label);
        String commit = revision.path("sha").asText();
        if (!commit.matches("[0-9a-f]{7,64}")) {
            throw new SourceException("dataset.source: " + label + ": the hub named no commit but \"" + commit + "\"");
        }
        List<SourceFile> files = new ArrayList<>();
        for (Entry entry : tree(dataset, commit, address.config(), label).orElseGet(() -> siblings(revision))) {
            String below = entry.path().startsWith(address.config() + "/")
                    ? entry.path().substring(address.config().length() + 1)
                    : "";
            if (below.endsWith(".parquet") && !FileListing.isHidden(below)) {
                files.add(new HubFile(below, dataset, commit, entry));
            }
        }
        if (files.isEmpty()) {
            throw new SourceException("dataset.source: %s has no Parquet file in %s/, but in %s"
                    .formatted(label, address.config(), configurations(revision)));
        }
        return new FileListing(label, true, files);
    }

    /** Files with sizes and hashes, a page after the other; empty where the server does not know how to list them. */
    private Optional<List<Entry>> tree(String dataset, String commit, String config, String label) {
        List<Entry> entries = new ArrayList<>();
        Optional<HttpUrl> page = Optional.of(
                http.atHub("/api" + dataset + "/tree/" + commit + "/" + encode(config) + "?recursive=true"));
        while (page.isPresent()) {
            HttpFiles.Page answer;
            try {
                answer = http.page(page.get());
            } catch (SourceException e) {
                if (entries.isEmpty()
                        && e.getCause() instanceof HttpRefusal refusal
                        && refusal.status() == HttpRefusal.NOT_FOUND) {
                    return Optional.empty();
                }
                throw e;
            }
            for (JsonNode entry : json(answer.text(), label)) {
                if (entry.path("type").asText().equals("file")) {
                    JsonNode large = entry.path("lfs");
                    String hash = large.path("oid").asText().replaceFirst("^sha256:", "");
                    long size = large.path("size").asLong(entry.path("size").asLong(-1));
                    entries.add(new Entry(
                            entry.path("path").asText(), new Expected(size, hash.matches("[0-9a-f]{64}") ? hash : "")));
                }
            }
            page = answer.next();
        }
        return Optional.of(entries);
    }

    private static List<Entry> siblings(JsonNode revision) {
        List<Entry> entries = new ArrayList<>();
        revision.path("siblings")
                .forEach(file -> entries.add(new Entry(file.path("rfilename").asText(), Expected.NOTHING)));
        return entries;
    }

    private static String configurations(JsonNode revision) {
        String folders = siblings(revision).stream()
                .map(Entry::path)
                .filter(path -> path.endsWith(".parquet") && path.contains("/"))
                .map(path -> path.substring(0, path.indexOf('/')))
                .distinct()
                .sorted()
                .limit(20)
                .collect(Collectors.joining(", "));
        return folders.isEmpty() ? "no folder at all; the revision refs/convert/parquet may have some" : folders;
    }

    private static JsonNode json(String body, String label) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new SourceException("dataset.source: " + label + ": the hub's answer is not JSON", e);
        }
    }

    private static String encode(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A file as the hub lists it. */
    private record Entry(String path, Expected expected) {}

    /** One file of the dataset. */
    private final class HubFile implements SourceFile {
        private final String path;
        private final String dataset;
        private final String commit;
        private final Entry entry;

        HubFile(String path, String dataset, String commit, Entry entry) {
            this.path = path;
            this.dataset = dataset;
            this.commit = commit;
            this.entry = entry;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public long size() {
            return entry.expected().size();
        }

        /** The commit settles the content, so that a dataset that is prepared already needs no download. */
        @Override
        public String identity() {
            return dataset + "@" + commit + "/" + entry.path();
        }

        @Override
        public FetchedFile fetch() throws IOException {
            String encoded = Arrays.stream(entry.path().split("/", -1))
                    .map(HubSource::encode)
                    .collect(Collectors.joining("/"));
            HttpUrl address = http.atHub(dataset + "/resolve/" + commit + "/" + encoded);
            return FetchedFile.lasting(cache.file(
                    dataset.substring(1) + "/" + commit + "/" + entry.path(),
                    entry.expected(),
                    file -> http.download(address, file, entry.expected())));
        }
    }
}
