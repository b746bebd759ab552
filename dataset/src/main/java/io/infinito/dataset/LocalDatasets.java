package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetSpec;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** From what a dataset is to its tokens on this machine. Safe for use by several threads. */
public final class LocalDatasets {
    private static final System.Logger LOG = System.getLogger(LocalDatasets.class.getName());

    private final DatasetClient client;
    private final TokenCache cache;

    /** Asks with {@code client} and keeps tokens in {@code cache}. */
    public LocalDatasets(DatasetClient client, TokenCache cache) {
        this.client = client;
        this.cache = cache;
    }

    /**
     * Has the dataset prepared if that is not done yet, and its tokens copied to this machine if they are not there yet. Shards that a
     * manifest promises and the topic does not have any more are asked for once again.
     *
     * @param progress is told each manifest that says how far a preparation is
     * @param stop asked several times a second
     * @return empty if it was asked to stop
     * @throws DatasetException if the dataset cannot be prepared, or is not what its manifest says
     * @throws org.apache.kafka.common.KafkaException if the broker cannot be reached
     */
    public Optional<LocalDataset> open(DatasetSpec spec, Consumer<DatasetManifest> progress, BooleanSupplier stop) {
        try {
            return attempt(spec, progress, stop);
        } catch (DatasetMissingException e) {
            LOG.log(System.Logger.Level.WARNING, "the dataset is asked for once again: {0}", e.getMessage());
            return attempt(spec, progress, stop);
        }
    }

    private Optional<LocalDataset> attempt(DatasetSpec spec, Consumer<DatasetManifest> progress, BooleanSupplier stop) {
        return client.prepare(DatasetClient.request(spec), progress, stop)
                .flatMap(manifest -> cache.open(manifest, ShardProgress.SILENT, stop));
    }
}
