package io.infinito.standalone.jobs;

import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;

/** Is told what happens to one job, in the order of the events' times. */
public interface JobListener {
    /** A new state of the job. */
    void status(TrainJobStatus status);

    /** An epoch ended. */
    void epoch(EpochCompleted epoch);
}
