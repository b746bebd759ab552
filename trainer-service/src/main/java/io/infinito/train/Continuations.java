package io.infinito.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.GptDecoder;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.KvCache;
import io.infinito.gpt.WeightFormat;
import io.infinito.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Continues fixed prompts with the likeliest tokens, so that people see what the losses mean. */
public final class Continuations {
    /**
     * A prompt and what the network made of it.
     *
     * @param prompt as it was given
     * @param text that follows it
     */
    public record Continuation(String prompt, String text) {}

    private final Tokenizer tokenizer;
    private final TrainingPlan.Samples samples;

    /** Continuations of these prompts; the tokenizer stays the caller's. */
    public Continuations(Tokenizer tokenizer, TrainingPlan.Samples samples) {
        this.tokenizer = tokenizer;
        this.samples = samples;
    }

    /** Continues each prompt. Of one that is too long the end is used. */
    public List<Continuation> of(NDManager parent, GptWeights weights) {
        if (samples.prompts().isEmpty()) {
            return List.of();
        }
        boolean gradMode = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try (GptDecoder decoder = GptDecoder.compile(parent, weights, WeightFormat.PLAIN, 1)) {
            List<Continuation> all = new ArrayList<>();
            for (String prompt : samples.prompts()) {
                all.add(new Continuation(prompt, continued(parent, decoder, tokenizer.encode(prompt))));
            }
            return all;
        } finally {
            JniUtils.setGradMode(gradMode);
        }
    }

    private String continued(NDManager parent, GptDecoder decoder, int[] prompt) {
        int room = decoder.config().context() - samples.tokens();
        long[] next = Arrays.stream(prompt)
                .skip(Math.max(0, prompt.length - room))
                .asLongStream()
                .toArray();
        int[] added = new int[samples.tokens()];
        int count = 0;
        try (KvCache cache = decoder.newCache()) {
            while (count < added.length) {
                int token = likeliest(parent, decoder, cache, next);
                if (tokenizer.endOfText().orElse(-1) == token) {
                    break;
                }
                added[count++] = token;
                next = new long[] {token};
            }
        }
        return tokenizer.decode(Arrays.copyOf(added, count));
    }

    private static int likeliest(NDManager parent, GptDecoder decoder, KvCache cache, long[] ids) {
        try (NDManager step = parent.newSubManager()) {
            NDArray logits = decoder.feed(step, List.of(new GptDecoder.Feed(cache, ids, true)));
            return Math.toIntExact(logits.argMax().getLong());
        }
    }
}
