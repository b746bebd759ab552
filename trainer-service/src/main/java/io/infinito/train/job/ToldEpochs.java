package io.infinito.train.job;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.training.v1.EpochCompleted;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The epochs of a job that its topic has: what need not be sent again. */
final class ToldEpochs {
    private final Map<Integer, EpochCompleted> byNumber;

    ToldEpochs(List<EpochCompleted> told) {
        byNumber = told.stream().collect(Collectors.toMap(EpochCompleted::getEpoch, Function.identity()));
    }

    /** Whether the topic has this very result, with the same checkpoint. */
    boolean contains(EpochCompleted epoch) {
        EpochCompleted told = byNumber.get(epoch.getEpoch());
        return told != null && told.getCheckpoint().equals(epoch.getCheckpoint());
    }

    /**
     * Reads an event that was kept.
     *
     * @throws IllegalStateException if it is none
     */
    static EpochCompleted read(String json) {
        try {
            return ProtoJson.parseLenient(json, EpochCompleted.newBuilder()).build();
        } catch (InvalidJsonException e) {
            throw new IllegalStateException("the event of an epoch was altered: " + e.getMessage(), e);
        }
    }
}
