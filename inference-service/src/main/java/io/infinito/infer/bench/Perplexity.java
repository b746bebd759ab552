package io.infinito.infer.bench;

import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.gpt.KvCache;
import io.infinito.infer.model.LoadedModel;
import java.util.ArrayList;
import java.util.List;

/** What a format does to a model: the perplexity of a text, token by token through the very path that generates. */
final class Perplexity {
    private Perplexity() {}

    /**
     * In windows of the context's length that do not overlap; the first token of each is read only.
     *
     * @param ids at least two
     */
    static double of(LoadedModel model, int[] ids) {
        int context = model.config().context();
        double sum = 0;
        long predicted = 0;
        try (KvCache cache = model.newCache()) {
            for (int from = 0; from + 1 < ids.length; from += context) {
                int window = Math.min(context, ids.length - from);
                List<Feed> feeds = new ArrayList<>();
                for (int i = 0; i + 1 < window; i++) {
                    feeds.add(new Feed(cache, new long[] {ids[from + i]}, true));
                }
                List<float[]> logits = model.feed(feeds);
                for (int i = 0; i + 1 < window; i++) {
                    sum += loss(logits.get(i), ids[from + i + 1]);
                    predicted++;
                }
                cache.truncate(0);
            }
        }
        return Math.exp(sum / predicted);
    }

    private static double loss(float[] logits, int target) {
        float largest = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        return Math.log(sum) + largest - logits[target];
    }
}
