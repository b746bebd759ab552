package io.infinito.dataset;

/** Shards of a dataset that is ready are no longer in the topic. Asking for the dataset again has it prepared anew. */
public final class DatasetMissingException extends DatasetException {
    private static final long serialVersionUID = 1L;

    private final transient ShardKey first;

    DatasetMissingException(ShardKey first, long missing, String topic) {
        super("shard " + first + " of split " + first.split() + " is not in " + topic + ", the first of " + missing
                + " that are missing: the topic was made anew, or its retention deleted them. Ask for the dataset again"
                + " ('infinito dataset prepare SOURCE') to have it prepared anew");
        this.first = first;
    }

    /** The first shard, in the order of the text, that is missing. */
    public ShardKey first() {
        return first;
    }
}
