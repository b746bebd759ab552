package io.infinito.infer;

import io.infinito.infer.model.Torch;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;

/** The process: libtorch needs about as long as Quarkus to start, and nothing of it, so both start at once. */
@QuarkusMain
public final class InferenceMain {
    private InferenceMain() {}

    /** Returns when the service has stopped. */
    public static void main(String... args) {
        loadNetworkLibraries();
        Torch.preload();
        Quarkus.run(args);
    }

    /**
     * In a native image one thread at a time loads libraries. Quarkus soon needs the small ones of the JDK, and would wait for libtorch, which
     * takes hundreds of milliseconds.
     */
    private static void loadNetworkLibraries() {
        try {
            ServerSocketChannel.open().close();
            Selector.open().close();
        } catch (IOException e) {
            throw new UncheckedIOException("no sockets to be had: " + e.getMessage(), e);
        }
    }
}
