package io.infinito.standalone;

import io.infinito.dataset.DatasetTopics;
import io.infinito.dataset.ShardReader;
import io.infinito.dataset.TokenCache;
import io.infinito.events.Topic;
import io.infinito.standalone.datasets.LiveLine;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where datasets are, and where their tokens are kept on this machine. */
final class DatasetOptions {
    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private OutputOptions output;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            defaultValue = "${env:INFINITO_CACHE}",
            description = "Where token files are kept on this machine (INFINITO_CACHE). "
                    + "Default: infinito/tokens in the user's cache folder.")
    private Path cache;

    OutputOptions output() {
        return output;
    }

    Terminal terminal() {
        return output.terminal();
    }

    DatasetTopics topics(Topic... required) {
        return connection.datasetTopics(required);
    }

    TokenCache cache(DatasetTopics topics) {
        return new TokenCache(folder(), new ShardReader(topics));
    }

    /** A line for people about what is going on. */
    LiveLine liveLine() {
        Terminal terminal = terminal();
        return new LiveLine(terminal.notes(), terminal.interactive(), terminal.columns(), System::nanoTime);
    }

    private Path folder() {
        if (cache != null && !cache.toString().isEmpty()) {
            return cache;
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path user = xdg == null || xdg.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(xdg);
        return user.resolve("infinito").resolve("tokens");
    }
}
