package io.infinito.dataset;

/** Is told how far the reading of a dataset's shards is. */
@FunctionalInterface
public interface ShardProgress {
    /** For those who do not want to know. */
    ShardProgress SILENT = (shards, ofShards, bytes) -> {};

    /**
     * Some more shards were read and verified.
     *
     * @param shards so far
     * @param ofShards in all
     * @param bytes of ids so far
     */
    void read(long shards, long ofShards, long bytes);
}
