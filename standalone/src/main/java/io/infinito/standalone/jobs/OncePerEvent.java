package io.infinito.standalone.jobs;

import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.util.HashSet;
import java.util.Set;

/** Passes each epoch of a job on once: an event that is written again after a restart has the number that it had. */
final class OncePerEvent implements JobListener {
    private final JobListener listener;
    private final Set<Integer> told = new HashSet<>();

    OncePerEvent(JobListener listener) {
        this.listener = listener;
    }

    @Override
    public void status(TrainJobStatus status) {
        listener.status(status);
    }

    @Override
    public void epoch(EpochCompleted epoch) {
        // Trainers of before gave no numbers.
        if (told.add(epoch.getSequence() > 0 ? epoch.getSequence() : epoch.getEpoch())) {
            listener.epoch(epoch);
        }
    }
}
