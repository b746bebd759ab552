package io.infinito.ingest;

import io.infinito.ingest.source.HubSettings;
import io.infinito.ingest.source.SourceSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Settings of the dataset service. */
@ConfigMapping(prefix = "infinito.dataset")
public interface DatasetConfig {
    /** The most ids in a shard, of two bytes each; of four bytes it holds half as many. Another number makes other datasets. */
    @WithDefault("262144")
    int shardTokens();

    /** How many pieces, of about a megabyte, may be with the tokenizers at the same time. */
    @WithDefault("32")
    int maxPiecesInFlight();

    /** How long to wait for the next token shard before a preparation fails. */
    @WithDefault("PT5M")
    Duration shardTimeout();

    /** How long a preparation may be silent before another replica takes it over. */
    @WithDefault("PT10S")
    Duration claimTimeout();

    /** How often the topic of datasets tells how far a preparation is. */
    @WithDefault("PT1S")
    Duration progressInterval();

    /** Where downloads from S3 and the web lie while they are read. Default: the system's folder for temporary files. */
    Optional<String> workFolder();

    /**
     * Where downloads from the hub stay, and what is remembered of local files. Default: {@code infinito} in the user's folder for caches,
     * or where there is none, {@code infinito/cache} in the work folder.
     */
    Optional<String> cacheFolder();

    /** The HuggingFace hub. */
    Hub hub();

    /** How the HuggingFace hub is reached. */
    interface Hub {
        /** Its address. */
        @WithDefault("https://huggingface.co")
        URI baseUrl();

        /** For private datasets. */
        Optional<String> token();

        /** How long a connection, the start of an answer, and each pause in it may take. */
        @WithDefault("PT60S")
        Duration timeout();

        /** How long an operation is repeated while it gets no further. */
        @WithDefault("PT2M")
        Duration retryFor();
    }

    /**
     * What sources need, validated.
     *
     * @throws IllegalArgumentException naming the property that is wrong
     */
    default SourceSettings sources() {
        HubSettings settings = new HubSettings(hub().baseUrl(), hub().token(), hub().timeout(), hub().retryFor());
        Path work = Path.of(workFolder().orElse(System.getProperty("java.io.tmpdir")));
        return new SourceSettings(
                settings, cacheFolder().map(Path::of).orElseGet(() -> SourceSettings.defaultCacheFolder(work)));
    }
}
