package io.infinito.train.job;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.training.v1.TrainCommand;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/** The jobs that were cancelled. Every trainer reads all commands from the beginning, so a job can be cancelled before it starts. */
@ApplicationScoped
public class Cancellations {
    private final Set<String> jobIds = ConcurrentHashMap.newKeySet();

    @Incoming("commands-in")
    void accept(String json) throws InvalidJsonException {
        TrainCommand command = ProtoJson.parse(json, TrainCommand.newBuilder()).build();
        if (command.getJobId().isEmpty() || command.getAction() != TrainCommand.Action.CANCEL) {
            throw new IllegalArgumentException("a command has a jobId and action CANCEL, not " + json);
        }
        jobIds.add(command.getJobId());
    }

    /** Whether the job was cancelled. */
    boolean contains(String jobId) {
        return jobIds.contains(jobId);
    }
}
