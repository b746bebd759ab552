package io.infinito.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Ports of 127.0.0.1, where the embedded servers listen. */
final class LoopbackPort {
    static final String HOST = "127.0.0.1";

    private LoopbackPort() {}

    /**
     * The port that a server was told to take, or a free one for "0".
     *
     * @throws IllegalArgumentException if the argument is not a port
     * @throws IOException if the port is taken
     */
    static int reserve(String server, String argument) throws IOException {
        int port;
        try {
            port = Integer.parseInt(argument);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("port '" + argument + "' of the " + server + " is not a number", e);
        }
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " of the " + server + " is not within 0..65535");
        }
        if (port == 0) {
            return free();
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return port;
        } catch (IOException e) {
            throw new IOException(
                    "port " + port + " is taken: stop what listens there, or give the " + server + " another port", e);
        }
    }

    /** A port that nothing listens on now. */
    static int free() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }
}
