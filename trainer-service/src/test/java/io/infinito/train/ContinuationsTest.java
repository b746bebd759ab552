package io.infinito.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.gpt.Dropout;
import io.infinito.gpt.Gpt;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.Precision;
import io.infinito.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContinuationsTest {
    private static final GptConfig CONFIG = new GptConfig(50_257, 12, 1, 1, 8, true);

    @Test
    void addsTheLikeliestTokensToThePrompt() {
        String prompt = "The cat sat";
        try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                Gpt gpt = Gpt.compile(manager, CONFIG, Dropout.NONE, Precision.FLOAT32);
                GptWeights weights = GptWeights.random(manager, CONFIG, 1);
                Tokenizer tokenizer = Tokenizer.gpt2()) {
            List<Integer> ids = new ArrayList<>(
                    Arrays.stream(tokenizer.encode(prompt)).boxed().toList());
            int given = ids.size();
            for (int i = 0; i < 5; i++) {
                ids.add(likeliest(manager, gpt, weights, ids));
            }
            int[] expected = ids.stream().skip(given).mapToInt(id -> id).toArray();

            TrainingPlan.Samples samples = new TrainingPlan.Samples(List.of(prompt, "a ".repeat(40)), 5);
            List<Continuations.Continuation> made = new Continuations(tokenizer, samples).of(manager, weights);

            assertThat(made.get(0)).isEqualTo(new Continuations.Continuation(prompt, tokenizer.decode(expected)));
            assertThat(made.get(1).text()).isNotEmpty();
        }
    }

    private static int likeliest(NDManager manager, Gpt gpt, GptWeights weights, List<Integer> ids) {
        long[] all = ids.stream().mapToLong(id -> id).toArray();
        float[] logits = gpt.logits(manager, weights, manager.create(all, new Shape(1, all.length)))
                .toFloatArray();
        int last = (all.length - 1) * CONFIG.vocabularySize();
        int best = 0;
        for (int v = 1; v < CONFIG.vocabularySize(); v++) {
            if (logits[last + v] > logits[last + best]) {
                best = v;
            }
        }
        return best;
    }
}
