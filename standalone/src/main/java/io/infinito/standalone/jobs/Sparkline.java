package io.infinito.standalone.jobs;

import java.util.ArrayList;
import java.util.List;

/** The losses of a run as one line of bars: all of it, however long it gets, in a bounded number of points. */
final class Sparkline {
    /** From low to high. The first needs a terminal of Unicode. */
    private static final String BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

    private static final String ASCII = "_.-:=+*#";
    private static final int MAX_POINTS = 1024;

    private record Point(int step, double loss) {}

    private final String levels;
    private final List<Point> points = new ArrayList<>();
    private int stepsApart = 1;

    Sparkline(boolean unicode) {
        levels = unicode ? BLOCKS : ASCII;
    }

    /** The loss of a step; a step that was told before begins anew from there, as after a restart. */
    void add(int step, double loss) {
        if (!Double.isFinite(loss) || loss <= 0) {
            return;
        }
        points.removeIf(point -> point.step() >= step);
        if (!points.isEmpty() && step - points.get(points.size() - 1).step() < stepsApart) {
            return;
        }
        points.add(new Point(step, loss));
        if (points.size() > MAX_POINTS) {
            stepsApart = Math.max(2 * stepsApart, 2 * (step - points.get(0).step()) / MAX_POINTS);
            List<Point> thinned = new ArrayList<>();
            for (Point point : points) {
                if (thinned.isEmpty()
                        || point.step() - thinned.get(thinned.size() - 1).step() >= stepsApart) {
                    thinned.add(point);
                }
            }
            points.clear();
            points.addAll(thinned);
        }
    }

    /** At most {@code width} bars, the newest at the right; empty before the second loss. */
    String draw(int width) {
        if (points.size() < 2 || width < 2) {
            return "";
        }
        double[] columns = columns(Math.min(width, points.size()));
        double low = Double.POSITIVE_INFINITY;
        double high = 0;
        for (double value : columns) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        StringBuilder bars = new StringBuilder();
        for (double value : columns) {
            int level = high > low ? (int) Math.round((value - low) / (high - low) * (levels.length() - 1)) : 0;
            bars.append(levels.charAt(level));
        }
        return bars.toString();
    }

    /** The mean loss of equal shares of the points. */
    private double[] columns(int count) {
        double[] columns = new double[count];
        for (int column = 0; column < count; column++) {
            int from = column * points.size() / count;
            int to = Math.max(from + 1, (column + 1) * points.size() / count);
            columns[column] = points.subList(from, to).stream()
                    .mapToDouble(Point::loss)
                    .average()
                    .orElseThrow();
        }
        return columns;
    }
}
