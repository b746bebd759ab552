package io.infinito.standalone.jobs;

import io.infinito.events.ProtoJson;
import io.infinito.training.v1.EpochCompleted;
import io.infinito.training.v1.TrainJobStatus;
import java.io.PrintStream;

/** A job for programs: a line of JSON per event, {@code {"status":{...}}} or {@code {"epoch":{...}}}. */
public final class JobJson implements JobListener {
    private final PrintStream out;

    /** Writes to {@code out}. */
    public JobJson(PrintStream out) {
        this.out = out;
    }

    @Override
    public void status(TrainJobStatus status) {
        out.println("{\"status\":" + ProtoJson.print(status) + "}");
        out.flush();
    }

    @Override
    public void epoch(EpochCompleted epoch) {
        out.println("{\"epoch\":" + ProtoJson.print(epoch) + "}");
        out.flush();
    }
}
