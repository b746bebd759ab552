package io.infinito.dataset;

import io.infinito.dataset.v1.DatasetManifest;

/** The dataset cannot be prepared; the message is the manifest's reason. */
public final class DatasetFailedException extends DatasetException {
    private static final long serialVersionUID = 1L;

    private final transient DatasetManifest manifest;

    DatasetFailedException(DatasetManifest manifest) {
        super(manifest.getError());
        this.manifest = manifest;
    }

    /** The manifest that says so. */
    public DatasetManifest manifest() {
        return manifest;
    }
}
