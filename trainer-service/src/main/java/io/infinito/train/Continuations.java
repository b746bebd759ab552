package io.infinito.train;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.KvCache;
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
    public List<Continuation> of(NDManager parent, Gpt gpt, GptWeights weights) {
        boolean gradMode = JniUtils.isGradMode();
        JniUtils.setGradMode(false);
        try {
            List<Continuation> all = new ArrayList<>();
            for (String prompt : samples.prompts()) {
                all.add(new Continuation(prompt, continued(parent, gpt, weights, tokenizer.encode(prompt))));
            }
            return all;
        } finally {
            JniUtils.setGradMode(gradMode);
        }
    }

    private String continued(NDManager parent, Gpt gpt, GptWeights weights, int[] prompt) {
        int room = gpt.config().context() - samples.tokens();
        long[] next = Arrays.stream(prompt)
                .skip(Math.max(0, prompt.length - room))
                .asLongStream()
                .toArray();
        int[] added = new int[samples.tokens()];
        int count = 0;
        try (KvCache cache = new KvCache(parent, gpt.config())) {
            while (count < added.length) {
                int token = likeliest(parent, gpt, weights, cache, next);
                if (tokenizer.endOfText().orElse(-1) == token) {
                    break;
                }
                added[count++] = token;
                next = new long[] {token};
            }
        }
        return tokenizer.decode(Arrays.copyOf(added, count));
    }

    private static int likeliest(NDManager parent, Gpt gpt, GptWeights weights, KvCache cache, long[] ids) {
        try (NDManager step = parent.newSubManager()) {
            return Math.toIntExact(
                    gpt.extend(step, weights, cache, ids).argMax().getLong());
        }
    }
}
