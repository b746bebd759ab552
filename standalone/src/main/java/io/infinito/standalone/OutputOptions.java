package io.infinito.standalone;

import io.infinito.standalone.jobs.JobDisplay;
import io.infinito.standalone.jobs.JobJson;
import io.infinito.standalone.jobs.JobListener;
import picocli.CommandLine.Option;

/** How a command writes its results. */
final class OutputOptions {
    @Option(names = "--json", description = "Results as lines of JSON on standard output, remarks on standard error.")
    private boolean json;

    boolean json() {
        return json;
    }

    Terminal terminal() {
        return Terminal.standard(json);
    }

    JobListener jobListener() {
        Terminal terminal = terminal();
        return json
                ? new JobJson(terminal.out())
                : new JobDisplay(
                        terminal.out(),
                        terminal.interactive(),
                        new TerminalSize(terminal.columns()),
                        terminal.unicode());
    }
}
