package io.infinito.standalone.jobs;

import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.io.PrintStream;

/**
 * A job for people: a progress line and a growing table of epochs. In a terminal the line is drawn over itself; elsewhere a line appears
 * when the phase changes and after each tenth of the work.
 */
public final class JobDisplay implements JobListener {
    private static final String ERASE = "\r\033[K";
    private static final int TENTH = 10;

    private final PrintStream out;
    private final boolean terminal;
    private final int columns;
    private TrainJobStatus.Phase phase = TrainJobStatus.Phase.PHASE_UNSPECIFIED;
    private int tenths = -1;
    private boolean tableBegun;
    private String line = "";

    /**
     * A display of one job.
     *
     * @param terminal whether the output can move its cursor
     * @param columns of the terminal; longer lines are cut
     */
    public JobDisplay(PrintStream out, boolean terminal, int columns) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
    }

    @Override
    public void status(TrainJobStatus status) {
        boolean ended = JobReader.isTerminal(status.getPhase());
        line = ProgressLine.of(status);
        if (terminal && !ended) {
            drawLine();
        } else if (terminal) {
            out.println(ERASE + line);
            line = "";
        } else if (isNews(status)) {
            out.println(line);
        }
        out.flush();
        phase = status.getPhase();
    }

    @Override
    public void epoch(EpochCompleted epoch) {
        if (terminal) {
            out.print(ERASE);
        }
        if (!tableBegun) {
            out.println(EpochTable.header());
            tableBegun = true;
        }
        out.println(EpochTable.row(epoch));
        if (terminal && !line.isEmpty()) {
            drawLine();
        }
        out.flush();
    }

    private void drawLine() {
        out.print(ERASE + (line.length() < columns ? line : line.substring(0, Math.max(0, columns - 1))));
    }

    private boolean isNews(TrainJobStatus status) {
        int reached = (int) (status.getPercent() / TENTH);
        boolean news =
                status.getPhase() != phase || (status.getPhase() == TrainJobStatus.Phase.RUNNING && reached > tenths);
        tenths = status.getPhase() == TrainJobStatus.Phase.RUNNING ? reached : -1;
        return news;
    }
}
