package io.infinito.standalone;

import io.infinito.dataset.DatasetCatalog;
import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.events.ProtoJson;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.DatasetTable;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code infinito dataset list}: all datasets. */
@Command(
        name = "list",
        mixinStandardHelpOptions = true,
        header = "List all datasets.",
        description = "%nLists every dataset with its state, the one that changed last at the end.%n")
final class DatasetListCommand implements Callable<Integer> {
    @Mixin
    private DatasetOptions datasets;

    @Override
    public Integer call() {
        List<DatasetManifest> all = new DatasetCatalog(datasets.topics(Topic.DATASETS)).manifests();
        Terminal terminal = datasets.terminal();
        if (datasets.output().json()) {
            all.forEach(dataset -> terminal.result(ProtoJson.print(dataset)));
        } else if (all.isEmpty()) {
            terminal.say("There are no datasets yet: 'infinito dataset prepare SOURCE' makes one.");
        } else {
            DatasetTable.lines(all).forEach(terminal::result);
        }
        return 0;
    }
}
