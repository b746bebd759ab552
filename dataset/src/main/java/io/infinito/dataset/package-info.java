/**
 * The reading side of datasets, plain Java: asks for a dataset, waits for its manifest, reads and verifies its shards, and keeps its
 * tokens as memory-mapped files. {@link io.infinito.dataset.LocalDatasets} is the whole way in one call.
 */
package io.infinito.dataset;
