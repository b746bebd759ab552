package io.infinito.standalone.jobs;

import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * A job for people: a growing table of epochs, and below it a progress line and the losses so far as bars. In a terminal the lines
 * below the table are drawn over themselves, as wide as it is at that moment; elsewhere a line appears when the phase changes and after
 * each tenth of the work.
 */
public final class JobDisplay implements JobListener {
    private static final int TENTH = 10;
    private static final String LOSS = "loss ";

    private final PrintStream out;
    private final boolean terminal;
    private final IntSupplier columns;
    private final Sparkline losses;
    private TrainJobStatus last = TrainJobStatus.getDefaultInstance();
    private int tenths = -1;
    private boolean tableBegun;
    /** The lines that are drawn over next time. */
    private List<String> drawn = List.of();

    /**
     * A display of one job.
     *
     * @param terminal whether the output can move its cursor
     * @param columns of the terminal, asked at each drawing; longer lines are cut
     * @param unicode whether it shows letters beyond ASCII
     */
    public JobDisplay(PrintStream out, boolean terminal, IntSupplier columns, boolean unicode) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
        losses = new Sparkline(unicode);
    }

    @Override
    public void status(TrainJobStatus status) {
        boolean ended = JobReader.isTerminal(status.getPhase());
        if (status.getPhase() == TrainJobStatus.Phase.RUNNING) {
            losses.add(status.getStep(), status.getLoss());
        }
        if (terminal && !ended) {
            draw(below(status));
        } else if (terminal) {
            erase();
            out.println(ProgressLine.of(status));
        } else if (isNews(status)) {
            out.println(ProgressLine.of(status));
        }
        out.flush();
        last = status;
    }

    @Override
    public void epoch(EpochCompleted epoch) {
        if (terminal) {
            erase();
        }
        if (!tableBegun) {
            tableLine(EpochTable.header());
            tableBegun = true;
        }
        tableLine(EpochTable.row(epoch));
        if (terminal && last.getPhase() != TrainJobStatus.Phase.PHASE_UNSPECIFIED) {
            draw(below(last));
        }
        out.flush();
    }

    private void tableLine(String line) {
        out.println(terminal ? cut(line) : line);
    }

    private List<String> below(TrainJobStatus status) {
        List<String> lines = new ArrayList<>();
        lines.add(cut(ProgressLine.of(status, columns.getAsInt())));
        if (status.getPhase() == TrainJobStatus.Phase.RUNNING) {
            String bars = losses.draw(Math.min(columns.getAsInt() - 1 - LOSS.length(), 80));
            if (!bars.isEmpty()) {
                lines.add(cut(LOSS + bars));
            }
            if (!status.getError().isEmpty()) {
                lines.add(cut("for now: " + status.getError()));
            }
        }
        return lines;
    }

    private void draw(List<String> lines) {
        erase();
        // The cursor waits below: what somebody else writes, as when a service dies, has a line of its own.
        lines.forEach(line -> out.print(line + "\n"));
        drawn = lines;
    }

    /** A terminal that has become narrower has broken lines in two: as many rows as they take now are erased. */
    private void erase() {
        int width = Math.max(1, columns.getAsInt());
        int rows = drawn.stream()
                .mapToInt(line -> Math.max(1, (line.length() + width - 1) / width))
                .sum();
        out.print("\r" + (rows > 0 ? "\033[" + rows + "A" : "") + "\033[J");
        drawn = List.of();
    }

    private String cut(String line) {
        int width = columns.getAsInt();
        return line.length() < width ? line : line.substring(0, Math.max(0, width - 1));
    }

    private boolean isNews(TrainJobStatus status) {
        int reached = (int) (status.getPercent() / TENTH);
        boolean running = status.getPhase() == TrainJobStatus.Phase.RUNNING;
        boolean news = status.getPhase() != last.getPhase() || (running && reached > tenths);
        tenths = running ? reached : -1;
        return news;
    }
}
