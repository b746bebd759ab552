package io.infinito.infer.model;

import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What happens between the start of the process and its first answer, and when. Things go on beside each other, so that points in time
 * are told, not durations.
 */
public final class StartupTimeline {
    /** In the usual order. */
    public enum Milestone {
        /** Quarkus has made and configured everything. */
        SERVICES("services started"),
        /** The store has said for the first time what to serve. */
        STORE("store answered"),
        /** libtorch is loaded and has compiled a first network. */
        TORCH("libtorch loaded"),
        /** All files of the first model are here and were hashed. */
        CHECKPOINT("checkpoint verified"),
        /** The weights are in place and one token was computed. */
        MODEL("model loaded and warm");

        private final String text;

        Milestone(String text) {
            this.text = text;
        }
    }

    private final long startMillis = ManagementFactory.getRuntimeMXBean().getStartTime();
    private final Map<Milestone, Long> reached = new EnumMap<>(Milestone.class);

    /**
     * Notes the time.
     *
     * @return whether it was the first time; others do not count
     */
    public synchronized boolean reached(Milestone milestone) {
        return reached.putIfAbsent(milestone, System.currentTimeMillis() - startMillis) == null;
    }

    /** One line: milliseconds since the process started. */
    @Override
    public synchronized String toString() {
        StringJoiner line = new StringJoiner(", ");
        reached.forEach((milestone, millis) -> line.add("%s %,d ms".formatted(milestone.text, millis)));
        return line.toString();
    }
}
