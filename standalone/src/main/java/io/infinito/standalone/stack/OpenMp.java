package io.infinito.standalone.stack;

import java.util.Map;
import java.util.Set;

/**
 * How long libtorch's threads stay awake when they wait for each other. libgomp's own answer, some milliseconds, is slow as soon as another process
 * wants a processor: then whoever is waited for is not running, and the one that waits takes its place.
 */
final class OpenMp {
    private static final Set<String> VARIABLES = Set.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT");

    private OpenMp() {}

    /**
     * Sleeping at once: for operations of microseconds beside other threads of the same service.
     *
     * @param outer the environment of this process, whose word stands
     */
    static Map<String, String> asleep(Map<String, String> outer) {
        return unlessSaid(outer, Map.of("OMP_WAIT_POLICY", "passive"));
    }

    /**
     * Awake for some microseconds, which bridges two operations of a training step.
     *
     * @param outer the environment of this process, whose word stands
     */
    static Map<String, String> awakeForAMoment(Map<String, String> outer) {
        return unlessSaid(outer, Map.of("GOMP_SPINCOUNT", "1000"));
    }

    private static Map<String, String> unlessSaid(Map<String, String> outer, Map<String, String> ours) {
        return VARIABLES.stream().anyMatch(outer::containsKey) ? Map.of() : ours;
    }
}
