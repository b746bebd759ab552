package io.infinito.standalone.stack;

import java.net.URI;

/** How to tell that a process is ready for work. */
public sealed interface Readiness {
    /** It writes a line that starts with {@code READY} to its output. */
    record Announced() implements Readiness {}

    /**
     * This address answers 200.
     *
     * @param health of the process
     */
    record Healthy(URI health) implements Readiness {}
}
