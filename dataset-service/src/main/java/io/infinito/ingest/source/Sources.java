package io.infinito.ingest.source;

import io.infinito.storage.StorageConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/** Opens every kind of source. Safe for use by several threads. */
public final class Sources {
    private final HubClient hub;
    private final StorageConfig s3;

    /**
     * Reaches out only when a source asks for it.
     *
     * @param s3 server and keys of {@code s3://} sources; its bucket does not matter
     */
    public Sources(HubSettings hub, StorageConfig s3) {
        this.hub = new HubClient(hub);
        this.s3 = s3;
    }

    /**
     * Finds the splits of a source and what tells its content apart from another.
     *
     * @param folder existing, empty, for downloads; to be deleted when the corpus is done with
     * @throws IOException if the source cannot be read
     * @throws SourceException if it does not exist or holds nothing to train with
     */
    public Corpus open(SourceAddress address, SplitRatio ratio, Path folder) throws IOException {
        // Java 17 has no switch over sealed types.
        if (address instanceof SourceAddress.Local local) {
            return LocalSource.open(
                    local.path(), local.path().toAbsolutePath().normalize().toString(), ratio);
        }
        if (address instanceof SourceAddress.Hub dataset) {
            return new HubSource(hub, folder).open(dataset, ratio);
        }
        if (address instanceof SourceAddress.S3 location) {
            return new S3Source(s3, folder).open(location, ratio);
        }
        return tinyTales(ratio);
    }

    private static Corpus tinyTales(SplitRatio ratio) throws IOException {
        Map<Split, Rows> splits = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            splits.put(split, TinyTales.rows(split));
        }
        return new Corpus(
                "builtin:" + TinyTales.NAME, TinyTales.fingerprint(), RowConvention.AS_WRITTEN, splits, ratio);
    }
}
