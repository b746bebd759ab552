package io.infinito.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Keeps the ids of shards in the order in which they arrive. */
@FunctionalInterface
interface ShardStore {
    /**
     * Keeps the ids of one shard.
     *
     * @return where they were put, in bytes from the beginning of what is kept of the split
     */
    long keep(String split, ByteBuffer ids) throws IOException;
}
