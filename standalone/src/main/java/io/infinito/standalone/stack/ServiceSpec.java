package io.infinito.standalone.stack;

import java.util.List;
import java.util.Map;

/**
 * A process to run.
 *
 * @param name of the process, its log and its row in the table
 * @param command with arguments
 * @param environment added to that of this process
 * @param readiness how it tells that it is ready
 * @param addresses where it listens, as the user is told; in order
 */
public record ServiceSpec(
        String name,
        List<String> command,
        Map<String, String> environment,
        Readiness readiness,
        List<String> addresses) {
    /** Copies what it is given. */
    public ServiceSpec {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        addresses = List.copyOf(addresses);
    }
}
