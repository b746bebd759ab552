package io.infinito.ingest.source;

import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.nio.file.Path;

/** Opens every kind of source. Safe for use by several threads. */
public final class Sources {
    private final HttpFiles http;
    private final DownloadCache hubCache;
    private final ContentHashes hashes;
    private final StorageConfig s3;

    /**
     * Reaches out only when a source asks for it.
     *
     * @param s3 server and keys of {@code s3://} sources; its bucket does not matter
     */
    public Sources(SourceSettings settings, StorageConfig s3) {
        this.http = new HttpFiles(settings.hub());
        this.hubCache = new DownloadCache(settings.cacheFolder().resolve("hub"));
        this.hashes = new ContentHashes(settings.cacheFolder().resolve("hashes"));
        this.s3 = s3;
    }

    /**
     * Finds the splits of a source and what tells its content apart from another.
     *
     * @param folder existing, empty, for what is downloaded to be read once; to be deleted when the corpus is done with
     * @throws IOException if the source cannot be read
     * @throws SourceException if it does not exist or holds nothing to train with
     * @throws java.util.concurrent.CancellationException if the thread is interrupted
     */
    public Corpus open(SourceAddress address, CorpusRules rules, Path folder) throws IOException {
        if (address instanceof SourceAddress.BuiltIn) {
            return TinyTales.corpus(rules);
        }
        return FileCorpus.of(list(address, folder), rules);
    }

    private FileListing list(SourceAddress address, Path folder) throws IOException {
        // Java 17 has no switch over sealed types.
        if (address instanceof SourceAddress.Local local) {
            return new LocalSource(hashes).list(local.path());
        }
        if (address instanceof SourceAddress.Hub dataset) {
            return new HubSource(http, hubCache).list(dataset);
        }
        if (address instanceof SourceAddress.S3 location) {
            return new S3Source(s3, folder).list(location);
        }
        if (address instanceof SourceAddress.Http location) {
            return new HttpSource(http, folder).list(location);
        }
        throw new IllegalArgumentException("a source of another kind: " + address);
    }
}
