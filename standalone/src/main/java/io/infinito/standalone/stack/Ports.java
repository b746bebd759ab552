package io.infinito.standalone.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.List;

/**
 * The ports of one installation on loopback: the usual numbers, all moved by one offset so that several installations fit on a machine.
 *
 * @param offset 0 to 50,000
 */
public record Ports(int offset) {
    /** The interface that everything listens on. */
    public static final String HOST = "127.0.0.1";

    private static final int LARGEST_OFFSET = 50_000;

    /** Checks the offset. */
    public Ports {
        if (offset < 0 || offset > LARGEST_OFFSET) {
            throw new IllegalArgumentException("--port-offset " + offset + ": must be 0 to " + LARGEST_OFFSET);
        }
    }

    /** The number of a port. */
    public int of(Port port) {
        return port.number() + offset;
    }

    /** {@code host:port}. */
    public String address(Port port) {
        return HOST + ":" + of(port);
    }

    /** {@code http://host:port}. */
    public String url(Port port) {
        return "http://" + address(port);
    }

    /**
     * Makes sure that nothing listens on any of them.
     *
     * @throws StackFailure that names each taken port and whose it would be
     */
    public void requireFree() {
        List<String> taken = Arrays.stream(Port.values())
                .filter(port -> !isFree(of(port)))
                .map(port -> of(port) + " (" + port.label() + ")")
                .toList();
        if (!taken.isEmpty()) {
            throw new StackFailure((taken.size() == 1 ? "port " : "ports ") + String.join(", ", taken)
                    + (taken.size() == 1 ? " is" : " are")
                    + " taken: stop what listens there, or choose others with --port-offset N");
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return probe.isBound();
        } catch (IOException e) {
            return false;
        }
    }
}
