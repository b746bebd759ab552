package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.DatasetException;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.ShardReader;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetLookup;
import io.infinito.standalone.datasets.LiveLine;
import io.infinito.standalone.datasets.PreparationLine;
import io.infinito.standalone.jobs.Figures;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code infinito dataset verify}: whether a dataset is what its manifest says. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        header = "Check every shard of a dataset against its hash.",
        description = "%nReads every shard again from Kafka and checks it and the digests. "
                + "The exit code is 0 if all is well and 1 if not.%n")
final class DatasetVerifyCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "The dataset's id, or enough of its beginning.")
    private String id;

    @Mixin
    private DatasetOptions datasets;

    @Override
    public Integer call() {
        DatasetTopics topics = datasets.topics(Topic.DATASETS, Topic.DATASET_SHARDS);
        DatasetManifest dataset = DatasetLookup.findReady(new DatasetCatalog(topics).manifests(), id);
        LiveLine line = datasets.liveLine();
        try {
            new ShardReader(topics)
                    .verify(
                            dataset,
                            (shards, of, bytes) -> line.show("verified " + shards + " of " + of + " shards, "
                                    + PreparationLine.megabytes(bytes)),
                            () -> false);
        } catch (DatasetException e) {
            if (datasets.output().json()) {
                datasets.terminal().result(json(dataset, e.getMessage()));
            }
            throw e;
        } finally {
            line.end();
        }
        if (datasets.output().json()) {
            datasets.terminal().result(json(dataset, null));
        } else {
            long shards = dataset.getSplitsList().stream()
                    .mapToLong(SplitManifest::getShards)
                    .sum();
            long tokens = dataset.getSplitsList().stream()
                    .mapToLong(SplitManifest::getTokens)
                    .sum();
            datasets.terminal()
                    .result("OK: " + Figures.count(shards) + " shards, " + Figures.count(tokens) + " tokens, digest "
                            + dataset.getDigest());
        }
        return 0;
    }

    private static String json(DatasetManifest dataset, String error) {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("datasetId", dataset.getDatasetId()).put("digest", dataset.getDigest());
        node.put("ok", error == null);
        if (error != null) {
            node.put("error", error);
        }
        return node.toString();
    }
}
