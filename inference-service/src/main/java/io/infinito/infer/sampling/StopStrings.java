package io.infinito.infer.sampling;

import java.util.List;
import java.util.Optional;

/**
 * Ends a text before (or after) the stop string that is complete first, the longest of several that end at the same place. Text that could still
 * become the start of one is held back, so that no part of a stop string is ever shown; how the text is cut into pieces makes no
 * difference. Of use to one thread.
 */
public final class StopStrings {
    private final List<String> stops;
    private final boolean included;
    private String held = "";
    private String matched;

    /**
     * A text that has not begun.
     *
     * @param stops none of them empty
     * @param included whether the text ends after the stop string instead of before it
     */
    public StopStrings(List<String> stops, boolean included) {
        this.stops = List.copyOf(stops);
        this.included = included;
    }

    /** Takes more text and returns what may be shown. After a match nothing is. */
    public String append(String text) {
        if (matched != null) {
            return "";
        }
        String buffer = held + text;
        int end = firstMatch(buffer);
        if (matched != null) {
            held = "";
            return buffer.substring(0, included ? end : end - matched.length());
        }
        int shown = buffer.length() - heldBack(buffer);
        held = buffer.substring(shown);
        return buffer.substring(0, shown);
    }

    /** What was held back, now that no more text comes. */
    public String flush() {
        String rest = held;
        held = "";
        return rest;
    }

    /** The stop string that appeared. */
    public Optional<String> matched() {
        return Optional.ofNullable(matched);
    }

    private int firstMatch(String buffer) {
        int firstEnd = Integer.MAX_VALUE;
        for (String stop : stops) {
            int start = buffer.indexOf(stop);
            if (start < 0) {
                continue;
            }
            int end = start + stop.length();
            if (end < firstEnd || (end == firstEnd && stop.length() > matched.length())) {
                firstEnd = end;
                matched = stop;
            }
        }
        return firstEnd;
    }

    /** Length of the longest end of the buffer that a stop string begins with. */
    private int heldBack(String buffer) {
        int longest = 0;
        for (String stop : stops) {
            for (int n = Math.min(stop.length() - 1, buffer.length()); n > longest; n--) {
                if (buffer.regionMatches(buffer.length() - n, stop, 0, n)) {
                    longest = n;
                }
            }
        }
        return longest;
    }
}
