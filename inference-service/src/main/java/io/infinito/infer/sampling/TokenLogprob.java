package io.infinito.infer.sampling;

import java.util.ArrayList;
import java.util.List;

/**
 * How likely a token was before bias, penalties and temperature.
 *
 * @param id of the token
 * @param logprob natural logarithm of its probability
 * @param rank 1 for the likeliest
 * @param top the likeliest tokens, the likeliest first; without a top of their own
 */
public record TokenLogprob(int id, float logprob, int rank, List<TokenLogprob> top) {
    /** More are refused. */
    public static final int MAX_TOP = 20;

    /** Keeps a copy of the list. */
    public TokenLogprob {
        top = List.copyOf(top);
    }

    /**
     * Reads one token's place in the distribution.
     *
     * @param logits as the model gave them
     * @param count of the likeliest tokens that are wanted, at most the vocabulary
     */
    public static TokenLogprob of(float[] logits, int id, int count) {
        float largest = logits[Candidates.argMax(logits)];
        float own = logits[id];
        int rank = 1;
        for (float logit : logits) {
            rank += logit > own ? 1 : 0;
        }
        double logOfSum = largest + Math.log(new BlockedMass(1).add(logits, largest));
        List<TokenLogprob> top = new ArrayList<>();
        if (count > 0) {
            Candidates candidates = new Candidates();
            candidates.likeliest(Math.min(count, logits.length), logits);
            for (int i = 0; i < candidates.size(); i++) {
                int likely = candidates.get(i);
                top.add(new TokenLogprob(likely, (float) (logits[likely] - logOfSum), i + 1, List.of()));
            }
        }
        return new TokenLogprob(id, (float) (own - logOfSum), rank, top);
    }
}
