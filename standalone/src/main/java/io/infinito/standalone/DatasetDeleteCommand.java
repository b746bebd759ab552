package io.infinito.standalone;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetLookup;
import java.nio.charset.Charset;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code infinito dataset delete}: take a dataset away. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        header = "Delete a dataset.",
        description = "%nDeletes the manifest, every shard, and the token files on this machine. "
                + "A job that has its tokens already is not disturbed; the source is not touched.%n")
final class DatasetDeleteCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "The dataset's id, or enough of its beginning.")
    private String id;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Mixin
    private DatasetOptions datasets;

    @Override
    public Integer call() {
        DatasetTopics topics = datasets.topics(Topic.DATASETS, Topic.DATASET_SHARDS);
        DatasetCatalog catalog = new DatasetCatalog(topics);
        DatasetManifest dataset = DatasetLookup.find(catalog.manifests(), id);
        Terminal terminal = datasets.terminal();
        if (!yes && !isConfirmed(terminal, dataset)) {
            terminal.say("Nothing is deleted.");
            return 1;
        }
        long shards = catalog.delete(dataset);
        boolean local = datasets.cache(topics).delete(dataset.getDigest());
        if (datasets.output().json()) {
            terminal.result(new ObjectMapper()
                    .createObjectNode()
                    .put("datasetId", dataset.getDatasetId())
                    .put("deletedShards", shards)
                    .put("deletedTokenFiles", local)
                    .toString());
        } else {
            terminal.say("Dataset " + dataset.getDatasetId() + " is deleted: its manifest, " + shards + " shards"
                    + (local ? " and the token files here." : ".") + " The broker frees their space in its own time.");
        }
        return 0;
    }

    private static boolean isConfirmed(Terminal terminal, DatasetManifest dataset) {
        if (!terminal.interactive()) {
            throw new CommandFailure(
                    "dataset " + dataset.getDatasetId() + " is not deleted: nobody can be asked here, so give --yes");
        }
        boolean preparing = dataset.getState() == DatasetManifest.State.PREPARING;
        terminal.out()
                .print((preparing ? "It is being prepared just now. " : "") + "Delete dataset " + dataset.getDatasetId()
                        + " of " + dataset.getSpec().getSource() + "? [y/N] ");
        terminal.out().flush();
        Scanner answers = new Scanner(System.in, Charset.defaultCharset());
        return answers.hasNextLine()
                && answers.nextLine().strip().toLowerCase(Locale.ROOT).startsWith("y");
    }
}
