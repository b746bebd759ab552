package io.infinito.ingest.source;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** Rows of text that can be read more than once, one after the other, without holding all of them. */
@FunctionalInterface
public interface Rows {
    /**
     * Hands on every row in order.
     *
     * @throws IOException if the source cannot be read
     * @throws SourceException if it is not what it should be
     */
    void forEach(Consumer<String> sink) throws IOException;

    /** The rows of all, one source after the other. */
    static Rows concatenation(List<Rows> parts) {
        return sink -> {
            for (Rows part : parts) {
                part.forEach(sink);
            }
        };
    }
}
