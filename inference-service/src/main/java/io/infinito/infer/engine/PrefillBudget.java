package io.infinito.infer.engine;

import java.time.Duration;

/**
 * How many tokens of prompts one pass may read, so that sequences that are being decoded do not wait for longer than was set. It goes by how
 * long passes took of late. Prompts are read in pieces of {@value #PIECE} tokens that begin at multiples of it, whatever the budget: the
 * pieces, and with them the numbers, do not depend on what else goes on.
 */
final class PrefillBudget {
    /** Tokens that are read at once: enough to multiply matrices well, and little time. */
    static final int PIECE = 32;
    /** Where nobody is held up, so that cancelling and coming in still take turns with reading. */
    private static final int MOST = 8 * PIECE;
    /** Share of the newest pass in what is expected of the next. */
    private static final double NEWEST = 0.2;

    private final long nanos;
    private double nanosOfToken;
    private double nanosOfDecoding;

    /** @param budget what reading may add to a pass; one piece is read even where that takes longer */
    PrefillBudget(Duration budget) {
        nanos = budget.toNanos();
    }

    /**
     * A multiple of {@link #PIECE}.
     *
     * @param decoding whether the pass decodes as well
     */
    int tokens(boolean decoding) {
        if (!decoding) {
            return MOST;
        }
        double pieces = nanosOfToken == 0 ? 1 : nanos / (nanosOfToken * PIECE);
        return PIECE * (int) Math.max(1, Math.min((double) MOST / PIECE, pieces));
    }

    /**
     * Remembers a pass.
     *
     * @param read tokens of prompts in it
     * @param decoded sequences that were decoded in it
     */
    void took(int read, int decoded, long passNanos) {
        if (read == 0) {
            nanosOfDecoding = mean(nanosOfDecoding, passNanos);
        } else {
            double reading = decoded == 0 ? passNanos : passNanos - nanosOfDecoding;
            // Fewer were decoded than in the passes before: that says nothing of reading.
            if (reading > 0) {
                nanosOfToken = mean(nanosOfToken, reading / read);
            }
        }
    }

    private static double mean(double before, double newest) {
        return before == 0 ? newest : before + NEWEST * (newest - before);
    }
}
