package io.infinito.train.bench;

import io.infinito.dataset.TokenFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Tokens to measure with: frequent ones are frequent, as in text. */
final class RandomTokens {
    private RandomTokens() {}

    /** Maps {@code count} tokens. */
    static TokenFile of(int count, int vocabulary) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        int[] ids = new int[count];
        Arrays.setAll(ids, i -> (int) Math.pow(vocabulary, random.nextDouble()));
        return MappedTokens.of(ids);
    }
}
