package io.infinito.standalone.datasets;

import io.infinito.dataset.v1.DatasetManifest;
import java.util.List;

/** Finds one dataset among all. */
public final class DatasetLookup {
    private DatasetLookup() {}

    /**
     * The dataset whose id begins with {@code prefix}.
     *
     * @throws DatasetUnavailable if there is none, or more than one
     */
    public static DatasetManifest find(List<DatasetManifest> datasets, String prefix) {
        List<DatasetManifest> found = datasets.stream()
                .filter(dataset -> dataset.getDatasetId().startsWith(prefix))
                .toList();
        return switch (found.size()) {
            case 0 ->
                throw new DatasetUnavailable(
                        "there is no dataset '" + prefix + "': 'infinito dataset list' lists the datasets");
            case 1 -> found.get(0);
            default ->
                throw new DatasetUnavailable("'" + prefix + "' is the beginning of " + found.size()
                        + " ids: give more of it, for example "
                        + DatasetTable.shortId(found.get(0)) + " or " + DatasetTable.shortId(found.get(1)));
        };
    }

    /**
     * As {@link #find}, but it must be ready.
     *
     * @throws DatasetUnavailable if it is not
     */
    public static DatasetManifest findReady(List<DatasetManifest> datasets, String prefix) {
        DatasetManifest dataset = find(datasets, prefix);
        if (dataset.getState() != DatasetManifest.State.READY) {
            throw new DatasetUnavailable("dataset " + DatasetTable.shortId(dataset) + " is " + dataset.getState()
                    + (dataset.getError().isEmpty() ? "" : ": " + dataset.getError()));
        }
        return dataset;
    }
}
