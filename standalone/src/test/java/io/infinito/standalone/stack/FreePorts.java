package io.infinito.standalone.stack;

import java.util.Random;

/** Finds an offset at which nothing listens on any port. */
public final class FreePorts {
    private static final int TRIES = 100;

    private FreePorts() {}

    /** Below the range from which the system hands out ports to clients. */
    public static Ports find() {
        Random random = new Random();
        for (int i = 0; i < TRIES; i++) {
            Ports ports = new Ports(1_000 + random.nextInt(20_000));
            try {
                ports.requireFree();
                return ports;
            } catch (StackFailure e) {
                // The next one, then.
            }
        }
        throw new IllegalStateException("no free ports after " + TRIES + " tries");
    }
}
