package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;
import io.infinito.dataset.v1.SplitManifest;
import java.util.Map;

/** A dataset whose tokens are on this machine. */
public final class LocalDataset {
    private final DatasetManifest manifest;
    private final Map<String, TokenFile> splits;

    LocalDataset(DatasetManifest manifest, Map<String, TokenFile> splits) {
        this.manifest = manifest;
        this.splits = Map.copyOf(splits);
    }

    /** What the dataset is. */
    public DatasetManifest manifest() {
        return manifest;
    }

    /**
     * The tokens of a split.
     *
     * @param name train, validation or test
     * @throws IllegalArgumentException if the dataset has no such split
     */
    public TokenFile split(String name) {
        return splits.get(split(manifest, name).getName());
    }

    /** What a manifest says of a split; an IllegalArgumentException if nothing. */
    static SplitManifest split(DatasetManifest manifest, String name) {
        return manifest.getSplitsList().stream()
                .filter(split -> split.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("dataset.source='"
                        + manifest.getSpec().getSource() + "' has no " + name + " split, but "
                        + manifest.getSplitsList().stream()
                                .map(SplitManifest::getName)
                                .toList()));
    }
}
