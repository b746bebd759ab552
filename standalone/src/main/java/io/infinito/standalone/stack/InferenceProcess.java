package io.infinito.standalone.stack;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** How a process that generates is run: the inference service, and the benchmark of generation. */
final class InferenceProcess {
    /** What libgomp reads about how long threads without work stay awake. */
    private static final Set<String> WAITING = Set.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT");

    private InferenceProcess() {}

    /**
     * What a process that generates needs in its environment: threads of libtorch that sleep when they wait, as awake ones fight for processors
     * with the other threads of the machine. Whoever has processors to spare says otherwise.
     *
     * @param outer the environment of this process, whose word about waiting threads stands
     */
    static Map<String, String> environment(Map<String, String> outer) {
        Map<String, String> environment = new HashMap<>();
        if (WAITING.stream().noneMatch(outer::containsKey)) {
            environment.put("OMP_WAIT_POLICY", "passive");
        }
        return environment;
    }
}
