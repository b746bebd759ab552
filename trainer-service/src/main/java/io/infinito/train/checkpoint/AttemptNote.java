package io.infinito.train.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * What an attempt at a job says of itself in the store.
 *
 * @param owner host and process id, for operators that look
 * @param process the same for all attempts of a process, and for no other process
 * @param startedAt when it began
 * @param step of the newest checkpoint then; 0 where there was none, -1 where an earlier build did not say
 * @param trained whether it came as far as training: one that waits for its dataset needs no memory to speak of
 * @param letGo whether it gave the job up alive: a trainer that stops, a store or broker that is away, a successor
 */
record AttemptNote(String owner, String process, Instant startedAt, int step, boolean trained, boolean letGo) {
    private static final ObjectMapper JSON = new ObjectMapper();

    AttemptNote withTrained() {
        return new AttemptNote(owner, process, startedAt, step, true, letGo);
    }

    AttemptNote withLetGo() {
        return new AttemptNote(owner, process, startedAt, step, trained, true);
    }

    byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(JSON.createObjectNode()
                    .put("owner", owner)
                    .put("process", process)
                    .put("startedAt", startedAt.toString())
                    .put("step", step)
                    .put("trained", trained)
                    .put("letGo", letGo));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can always be written", e);
        }
    }

    /** Empty where it cannot be read. */
    static Optional<AttemptNote> fromJson(byte[] json) {
        try {
            JsonNode node = JSON.readTree(json);
            return Optional.of(new AttemptNote(
                    node.path("owner").asText(),
                    node.path("process").asText(),
                    Instant.parse(node.path("startedAt").asText()),
                    node.path("step").asInt(-1),
                    node.path("trained").asBoolean(),
                    node.path("letGo").asBoolean()));
        } catch (IOException | java.time.format.DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
