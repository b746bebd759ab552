/** How a job comes by its tokens: it asks for a dataset, waits for the manifest, and reads the shards that the manifest names. */
package io.infinito.train.data;
