package io.infinito.ingest;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.ingest.source.Corpus;
import io.infinito.ingest.source.FileHash;
import io.infinito.ingest.source.SourceException;
import io.infinito.ingest.source.Split;
import io.infinito.ingest.source.TextRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/** One pass over a corpus that leaves its token shards on their topic. Of use to one thread, once. */
final class Preparation {
    private static final Logger LOG = Logger.getLogger(Preparation.class);
    /** Runs of text between two looks at how far it is. */
    private static final int PROGRESS_RUNS = 256;

    private final Corpus corpus;
    private final PieceExchange exchange;
    private final Progress progress;
    private final PreparationLimits limits;
    private final Map<Split, SplitWriter> writers = new EnumMap<>(Split.class);
    private int runsUntold;

    Preparation(Corpus corpus, PieceExchange exchange, Progress progress, PreparationLimits limits) {
        this.corpus = corpus;
        this.exchange = exchange;
        this.progress = progress;
        this.limits = limits;
    }

    /**
     * Reads, has everything tokenized, and fills in the manifest.
     *
     * @param source what messages call it
     * @throws IOException if the source cannot be read
     * @throws SourceException if it is not what it should be
     * @throws PreparationException if it cannot be tokenized
     */
    void run(String source, DatasetManifest.Builder manifest) throws IOException {
        try {
            corpus.read(this::add);
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
        exchange.awaitAll();
        tellProgress();
        List<SplitManifest> splits =
                writers.values().stream().map(SplitWriter::manifest).toList();
        manifest.addAllSplits(splits)
                .clearRanges()
                .addAllRanges(exchange.ranges())
                .setTokenizerSha256(exchange.tokenizerSha256())
                .setVocabularySize(exchange.vocabularySize())
                .setDigest(digest(splits));
        splits.forEach(split -> LOG.infof(
                "dataset %s: %s has %d rows, %d characters, %d tokens in %d shards",
                manifest.getDatasetId(),
                split.getName(),
                split.getRows(),
                split.getCharacters(),
                split.getTokens(),
                split.getShards()));
    }

    private void add(Split split, TextRun run) {
        writers.computeIfAbsent(split, s -> new SplitWriter(s, corpus.convention(), exchange, limits))
                .add(run);
        if (++runsUntold == PROGRESS_RUNS) {
            runsUntold = 0;
            tellProgress();
        }
    }

    private void tellProgress() {
        long rows = 0;
        long bytes = 0;
        for (SplitWriter writer : writers.values()) {
            rows += writer.rows();
            bytes += writer.bytes();
        }
        progress.reached(rows, bytes, exchange.tokens());
    }

    private static String digest(List<SplitManifest> splits) {
        MessageDigest digest = FileHash.sha256();
        for (SplitManifest split : splits) {
            digest.update((split.getName() + '\n' + split.getDigest() + '\n').getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
