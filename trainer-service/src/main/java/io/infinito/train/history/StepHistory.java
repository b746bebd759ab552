package io.infinito.train.history;

import io.infinito.train.RunListener.StepDone;
import java.util.ArrayList;
import java.util.List;

/** Figures of a run's steps, evenly thinned out so that a run of any length stays readable. Safe for use by several threads. */
public final class StepHistory {
    /** Points that are kept at most; at least half as many are, once there were that many steps. */
    public static final int MAX_POINTS = 2_000;

    /**
     * One step.
     *
     * @param step optimizer steps done, from 1
     * @param epoch under way, from 1
     * @param loss mean of the step, natural logarithm per token
     * @param learningRate of the step
     * @param gradientNorm before clipping
     * @param tokensPerSecond of the step
     */
    public record Point(
            int step, int epoch, double loss, double learningRate, double gradientNorm, double tokensPerSecond) {}

    private final List<Point> points = new ArrayList<>();
    private int every = 1;

    /** Nothing so far. */
    public StepHistory() {}

    /**
     * What an earlier attempt kept.
     *
     * @param step that the run goes on from: later ones are made again
     */
    public StepHistory(List<Point> earlier, int step) {
        earlier.stream().filter(point -> point.step() <= step).forEach(this::add);
    }

    /** Another step. */
    public synchronized void add(StepDone step, double tokensPerSecond) {
        add(new Point(
                step.step(), step.epoch(), step.loss(), step.learningRate(), step.gradientNorm(), tokensPerSecond));
    }

    private synchronized void add(Point point) {
        if (point.step() % every != 0) {
            return;
        }
        points.add(point);
        if (points.size() > MAX_POINTS) {
            every *= 2;
            points.removeIf(p -> p.step() % every != 0);
        }
    }

    /** A copy, in the order of steps. */
    public synchronized List<Point> points() {
        return List.copyOf(points);
    }
}
