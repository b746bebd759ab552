package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.DatasetManifest.State;
import io.infinito.dataset.v1.DatasetRequest;
import io.infinito.dataset.v1.ShardPosition;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.FileHash;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.Sources;
import io.infinito.ingest.source.Split;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Answers requests for datasets with manifests: a dataset that is ready at once, another one after its preparation. What it writes
 * depends on the request and the source only, so a request that is seen again gives the same dataset.
 */
public final class DatasetPreparer {
    private static final Logger LOG = Logger.getLogger(DatasetPreparer.class);

    private final Sources sources;
    private final DatasetCatalog catalog;
    private final Exchanges exchanges;
    private final PreparationLimits limits;

    /** Opens the way to the tokenizers for one dataset. */
    @FunctionalInterface
    interface Exchanges {
        PieceExchange open(String datasetId, String tokenizer);
    }

    DatasetPreparer(Sources sources, DatasetCatalog catalog, Exchanges exchanges, PreparationLimits limits) {
        this.sources = sources;
        this.catalog = catalog;
        this.exchanges = exchanges;
        this.limits = limits;
    }

    /**
     * Publishes the manifests that answer a request and returns the last of them.
     *
     * @throws java.util.concurrent.CancellationException if the service stops: the request is not answered yet
     */
    DatasetManifest answer(DatasetRequest request, String requestId) {
        DatasetManifest.Builder manifest =
                DatasetManifest.newBuilder().setRequestId(requestId).setSpec(request.getDataset());
        try {
            DatasetDefinition definition = DatasetDefinition.of(request.getDataset());
            manifest.setSpec(definition.spec());
            try (WorkFolder folder = WorkFolder.in(limits.workFolder())) {
                Corpus corpus = sources.open(definition.address(), definition.ratio(), folder.path());
                manifest.setDatasetId(definition.id(corpus));
                prepare(definition, corpus, manifest);
            }
            return publish(manifest, State.READY);
        } catch (SourceException | PreparationException e) {
            LOG.infof("request %s: %s", requestId, e.getMessage());
            return publish(manifest.setError(e.getMessage()), State.FAILED);
        } catch (IOException e) {
            LOG.warnf(e, "request %s", requestId);
            return publish(
                    manifest.setError("dataset.source: " + manifest.getSpec().getSource() + " cannot be read: " + e),
                    State.FAILED);
        }
    }

    /** Fills in what is known of a ready dataset, or what its preparation brings. */
    private void prepare(DatasetDefinition definition, Corpus corpus, DatasetManifest.Builder manifest)
            throws IOException {
        String id = manifest.getDatasetId();
        DatasetManifest known = catalog.find(id).orElse(DatasetManifest.getDefaultInstance());
        if (known.getState() == State.READY) {
            LOG.infof("dataset %s is ready already", id);
            manifest.addAllSplits(known.getSplitsList())
                    .setTokenizerSha256(known.getTokenizerSha256())
                    .setVocabularySize(known.getVocabularySize())
                    .setDigest(known.getDigest());
            return;
        }
        LOG.infof("dataset %s: preparing %s", id, definition.source());
        publish(manifest, State.PREPARING);
        try (PieceExchange exchange = exchanges.open(id, definition.tokenizer())) {
            Map<Split, SplitWriter> writers = new EnumMap<>(Split.class);
            send(corpus, writers, exchange, definition.source());
            exchange.awaitAll();
            List<SplitManifest> splits =
                    writers.values().stream().map(SplitWriter::manifest).toList();
            manifest.addAllSplits(splits)
                    .setTokenizerSha256(exchange.tokenizerSha256())
                    .setVocabularySize(exchange.vocabularySize())
                    .setDigest(digest(splits));
        }
        manifest.getSplitsList()
                .forEach(split -> LOG.infof(
                        "dataset %s: %s has %d rows, %d characters, %d tokens in %d shards",
                        id,
                        split.getName(),
                        split.getRows(),
                        split.getCharacters(),
                        split.getTokens(),
                        split.getShardsCount()));
    }

    private static void send(Corpus corpus, Map<Split, SplitWriter> writers, PieceExchange exchange, String source)
            throws IOException {
        try {
            corpus.read((split, row) -> writers.computeIfAbsent(
                            split, s -> new SplitWriter(s, corpus.convention(), exchange))
                    .add(row));
            for (Split split : List.of(Split.TRAIN, Split.VALIDATION)) {
                SplitWriter writer = writers.get(split);
                if (writer == null || writer.isBlank()) {
                    throw new SourceException(
                            "dataset.source: " + source + " has no text in its " + split.wireName() + " split");
                }
            }
            writers.values().forEach(SplitWriter::finish);
        } catch (IllegalArgumentException e) {
            // Text that the cutter cannot cut.
            throw new SourceException("dataset.source: " + source + ": " + e.getMessage(), e);
        }
    }

    private DatasetManifest publish(DatasetManifest.Builder manifest, State state) {
        DatasetManifest published =
                manifest.setState(state).setUpdatedAt(Instant.now().toString()).build();
        catalog.publish(published);
        return published;
    }

    private static String digest(List<SplitManifest> splits) {
        MessageDigest digest = FileHash.sha256();
        for (SplitManifest split : splits) {
            digest.update((split.getName() + '\n').getBytes(StandardCharsets.UTF_8));
            for (ShardPosition shard : split.getShardsList()) {
                digest.update((shard.getSha256() + '\n').getBytes(StandardCharsets.UTF_8));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
