package io.infinito.infer;

import io.infinito.infer.sampling.TokenLogprob;
import java.util.List;

/**
 * What a sequence continues.
 *
 * @param ids as they are read
 * @param text of the ids
 * @param echoed whether the answer begins with it
 * @param logprobs of each token but the first; empty if they were not asked for
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Prompt(int[] ids, String text, boolean echoed, List<TokenLogprob> logprobs) {
    /** What stands before the answer. */
    String echo() {
        return echoed ? text : "";
    }
}
