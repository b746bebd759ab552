package io.infinito.train;

import ai.djl.ndarray.NDManager;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.GptConfig;
import io.infinito.gpt.GptWeights;
import io.infinito.gpt.GradientGuard;
import io.infinito.gpt.WeightAverage;
import io.infinito.safetensors.Tensor;
import io.infinito.safetensors.TensorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a training step changes: the weights, the optimizer's moments, and the average of the weights where there is one. */
public final class Learner implements AutoCloseable {
    /** Where there is an average it is the model, and the weights that are trained lie beside the optimizer's state. */
    private static final String TRAINED = "trained.";

    private final GptWeights weights;
    private final AdamW optimizer;
    private final Optional<WeightAverage> average;

    private Learner(GptWeights weights, AdamW optimizer, Optional<WeightAverage> average) {
        this.weights = weights;
        this.optimizer = optimizer;
        this.average = average;
    }

    /** Begins with these weights, which become this object's. */
    public static Learner start(NDManager manager, GptWeights weights, TrainingPlan plan) {
        return new Learner(
                weights,
                new AdamW(manager, weights, plan.optimizer()),
                plan.emaDecay() == 0
                        ? Optional.empty()
                        : Optional.of(new WeightAverage(manager, weights.copy(manager), plan.emaDecay())));
    }

    /**
     * Goes on from what {@link #model} and {@link #state} gave.
     *
     * @throws IllegalArgumentException if a tensor is missing or has another shape
     */
    public static Learner resume(
            NDManager manager, GptConfig config, TrainingPlan plan, TensorSource model, TensorSource state) {
        boolean averaged = plan.emaDecay() > 0;
        GptWeights weights = GptWeights.load(manager, config, averaged ? state.under(TRAINED) : model);
        AdamW optimizer = new AdamW(manager, weights, plan.optimizer());
        optimizer.restore(state);
        return new Learner(
                weights,
                optimizer,
                averaged
                        ? Optional.of(
                                new WeightAverage(manager, GptWeights.load(manager, config, model), plan.emaDecay()))
                        : Optional.empty());
    }

    /** The weights that are trained. */
    public GptWeights weights() {
        return weights;
    }

    /** Of these weights. */
    public AdamW optimizer() {
        return optimizer;
    }

    /** The weights that are evaluated and saved as the model: the average, where there is one. */
    public GptWeights candidate() {
        return average.map(WeightAverage::weights).orElse(weights);
    }

    /** Takes the weights into the average after the step that {@code guard} has just judged. */
    void follow(GradientGuard guard) {
        average.ifPresent(a -> a.update(weights, guard));
    }

    /** Copies the candidate, with HuggingFace's names and layouts. */
    public List<Tensor> model() {
        return candidate().snapshot();
    }

    /** Copies everything else that an exact resumption needs. */
    public List<Tensor> state() {
        List<Tensor> state = new ArrayList<>(optimizer.snapshot());
        if (average.isPresent()) {
            weights.snapshot()
                    .forEach(tensor -> state.add(new Tensor(TRAINED + tensor.name(), tensor.shape(), tensor.data())));
        }
        return state;
    }

    @Override
    public void close() {
        average.ifPresent(WeightAverage::close);
        optimizer.close();
        weights.close();
    }
}
