package io.infinito.ingest;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** Settings of the dataset service. */
@ConfigMapping(prefix = "infinito.dataset")
public interface DatasetConfig {
    /** How many pieces may be with the tokenizers at the same time. */
    @WithDefault("64")
    int maxPiecesInFlight();

    /** How long to wait for the next token shard before a preparation fails. */
    @WithDefault("PT5M")
    Duration shardTimeout();

    /** Where downloads lie while they are read. Default: the system's folder for temporary files. */
    Optional<String> workFolder();

    /** The HuggingFace hub. */
    Hub hub();

    /** How the HuggingFace hub is reached. */
    interface Hub {
        /** Its address. */
        @WithDefault("https://huggingface.co")
        URI baseUrl();

        /** For private datasets. */
        Optional<String> token();

        /** How long its answer may take to start. */
        @WithDefault("PT60S")
        Duration timeout();
    }
}
