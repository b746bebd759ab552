package io.infinito.events;

import java.util.Map;

/** Every topic of Infinito with the settings it is made with. The names are the wire contract; one prefix may stand before them. */
public enum Topic {
    TRAIN_REQUESTS("train.requests", 8, false),
    TRAIN_COMMANDS("train.commands", 1, false),
    TRAIN_EPOCHS("train.epochs", 1, false),
    TRAIN_JOBS("train.jobs", 1, true),
    DATASET_REQUESTS("dataset.requests", 4, false),
    DATASET_TEXTS("dataset.texts", 8, false),
    DATASET_SHARDS("dataset.shards", 4, true),
    DATASETS("datasets", 1, true);

    private final String topicName;
    private final int partitions;
    private final boolean compacted;

    Topic(String topicName, int partitions, boolean compacted) {
        this.topicName = topicName;
        this.partitions = partitions;
        this.compacted = compacted;
    }

    /** The topic's name behind {@code prefix}, which may be empty. */
    public String name(String prefix) {
        return prefix + topicName;
    }

    /** The topic that takes records which could not be read. */
    public String deadLetterName(String prefix) {
        return prefix + topicName + ".dlq";
    }

    int partitions() {
        return partitions;
    }

    /** Retention and clean-up; what is not named here is the broker's default. */
    Map<String, String> settings() {
        if (compacted) {
            return Map.of("cleanup.policy", "compact");
        }
        return this == DATASET_TEXTS
                // Texts are needed until their shards exist, and can be read again from the source.
                ? Map.of("cleanup.policy", "delete", "retention.ms", String.valueOf(86_400_000L))
                : Map.of("cleanup.policy", "delete", "retention.ms", "-1");
    }
}
