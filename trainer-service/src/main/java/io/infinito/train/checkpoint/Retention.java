package io.infinito.train.checkpoint;

/**
 * Which checkpoints of a job stay. The newest and the job's best always do, and what an alias or a pin of any
 * model names or the alias named before.
 *
 * @param newest how many stay besides the newest one, at least 0
 * @param everyEpochs every so many epochs' stay for good; 0: none
 */
public record Retention(int newest, int everyEpochs) {
    /** @throws IllegalArgumentException naming the field that is negative */
    public Retention {
        if (newest < 0 || everyEpochs < 0) {
            throw new IllegalArgumentException("training.keepCheckpoints=" + newest + " and training.keepEveryEpochs="
                    + everyEpochs + " must be at least 0");
        }
    }

    /** Whether the checkpoint at the end of an epoch, counted from 1, stays for good. */
    boolean keepsEpoch(int epoch) {
        return everyEpochs > 0 && epoch > 0 && epoch % everyEpochs == 0;
    }
}
