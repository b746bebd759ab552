package io.infinito.infer.sampling;

import java.util.Arrays;

/** The tokens of one request so far: the prompt, then what was sampled. */
public final class TokenHistory {
    private final int promptLength;
    private int[] ids;
    private int length;

    /** Starts with the prompt. */
    public TokenHistory(int[] prompt) {
        ids = Arrays.copyOf(prompt, prompt.length + 64);
        length = prompt.length;
        promptLength = prompt.length;
    }

    /** How many of them are the prompt. */
    public int promptLength() {
        return promptLength;
    }

    /** How many there are. */
    public int length() {
        return length;
    }

    /** The token at {@code position}, from 0. */
    public int get(int position) {
        return ids[position];
    }

    /** Adds one to the end. */
    public void append(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = id;
    }

    /** The tokens from position {@code from} to before {@code to}, as the network takes them. */
    public long[] range(int from, int to) {
        long[] range = new long[to - from];
        for (int i = 0; i < range.length; i++) {
            range[i] = ids[from + i];
        }
        return range;
    }
}
