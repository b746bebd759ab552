package io.infinito.dataset;

/** What is in the topics is not what it says it is: a shard that was altered or torn, or shards that are not the manifest's. */
public final class DatasetDamagedException extends DatasetException {
    private static final long serialVersionUID = 1L;

    DatasetDamagedException(String message) {
        super(message + ". Delete the dataset ('infinito dataset delete ID') and ask for it again");
    }
}
