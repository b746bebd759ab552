package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which gradients may be used, from the norms before, and keeps what it found until the host asks. All of it happens on the
 * device, so that steps follow each other without waiting: {@link #read} is the only copy to the host.
 *
 * <p>A step that ends the run is the last that counts: whatever is handed over behind it changes nothing, so that the weights stay those
 * of the last good update until the host finds out.
 */
public final class GradientGuard implements AutoCloseable {
    /** So many updates in a row that were left out are no spike any more. */
    public static final int MOST_SKIPPED_IN_A_ROW = 50;
    /** Weight of the newest norm in the running mean. */
    private static final double SMOOTHING = 0.05;
    /** The first norms of a run fall fast; nothing is compared with their mean. */
    private static final long UPDATES_BEFORE_COMPARING = 20;

    private static final int STATE_SIZE = 5;
    private static final int ROW_SIZE = STATE_SIZE + 3;

    /**
     * What has been seen.
     *
     * @param normMean running mean of the gradient norm; 0 before the first
     * @param skippedSteps updates that were left out
     * @param skippedInARow of them those since the last update
     * @param updates that were made
     */
    public record Seen(double normMean, int skippedSteps, int skippedInARow, int updates) {
        /** Before the first step. */
        public static final Seen NOTHING = new Seen(0, 0, 0, 0);
    }

    /**
     * What became of a step.
     *
     * @param lossSum of its micro-batches
     * @param norm of its mean gradient, before clipping
     * @param refused whether its update was left out
     * @param ends whether the run must not go on; the step does not count then
     * @param after what has been seen with it
     */
    public record Verdict(double lossSum, double norm, boolean refused, boolean ends, Seen after) {}

    private final NDManager manager;
    private final TorchScript script;
    private final NDArray state;
    private final NDArray log;
    private final NDArray refused;
    private final int capacity;
    private int pending;

    /**
     * A guard of one run. Gradients whose norm or loss is no number are always refused.
     *
     * @param skip whether the run goes on without a refused update, rather than ending
     * @param spikeFactor a norm above so many times its running mean is refused as well; 0: norms are not compared
     * @param seen by the run so far
     * @param capacity steps that can be judged before they must be read
     */
    public GradientGuard(NDManager parent, boolean skip, double spikeFactor, Seen seen, int capacity) {
        this.capacity = capacity;
        manager = parent.newSubManager();
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("skip", skip);
        attributes.put("spike_factor", spikeFactor);
        attributes.put("smoothing", SMOOTHING);
        attributes.put("compared_after", UPDATES_BEFORE_COMPARING);
        attributes.put("most_in_a_row", (long) MOST_SKIPPED_IN_A_ROW);
        script = TorchScript.load(manager, "GradientGuard", List.of("guard.torchscript"), attributes);
        state = manager.create(
                new double[] {seen.normMean(), seen.skippedSteps(), seen.skippedInARow(), seen.updates(), 0});
        log = manager.zeros(new Shape(capacity, ROW_SIZE), DataType.FLOAT64);
        refused = manager.zeros(new Shape());
    }

    /**
     * Judges a step.
     *
     * @param lossSum of its micro-batches, a scalar on the device
     * @param norm of its mean gradient, a scalar on the device
     * @return 1 on the device if its update must be left out, else 0; stays this object's, and is the next step's as well
     * @throws IllegalStateException if {@code capacity} steps wait to be read
     */
    NDArray judge(NDArray lossSum, NDArray norm) {
        if (pending == capacity) {
            throw new IllegalStateException(capacity + " steps were judged and none was read");
        }
        script.run(
                        "judge",
                        TorchScript.tensor(state),
                        TorchScript.tensor(log),
                        IValue.from((long) pending),
                        TorchScript.tensor(lossSum),
                        TorchScript.tensor(norm),
                        TorchScript.tensor(refused))
                .close();
        pending++;
        return refused;
    }

    /** What has been seen, on the device: norm mean, updates left out, of them in a row, updates made, and 1 where the run has ended. */
    NDArray state() {
        return state;
    }

    /** What {@link #judge} said of the last step. */
    NDArray refused() {
        return refused;
    }

    /** Waits for the device and tells of the steps since the last call, in order, in one copy. */
    public List<Verdict> read() {
        List<Verdict> verdicts = new ArrayList<>(pending);
        if (pending > 0) {
            double[] rows = new double[capacity * ROW_SIZE];
            ArrayCopy.toHost(log).asDoubleBuffer().get(rows);
            for (int row = 0; row < pending; row++) {
                verdicts.add(verdict(rows, row * ROW_SIZE));
            }
        }
        pending = 0;
        return verdicts;
    }

    private static Verdict verdict(double[] rows, int at) {
        return new Verdict(
                rows[at],
                rows[at + 1],
                rows[at + 2] > 0,
                rows[at + 7] > 0,
                new Seen(rows[at + 3], (int) rows[at + 4], (int) rows[at + 5], (int) rows[at + 6]));
    }

    @Override
    public void close() {
        script.close();
        manager.close();
    }
}
