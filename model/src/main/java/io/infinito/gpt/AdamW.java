package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.infinito.gpt.GptParameters.Layout;
import io.infinito.gpt.GptParameters.Parameter;
import io.infinito.safetensors.Tensor;
import io.infinito.safetensors.TensorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** AdamW over the weights of one network, with clipping by global norm: moments in native memory, one fused update a group. */
public final class AdamW implements AutoCloseable {
    /**
     * How it updates.
     *
     * @param beta1 decay of the mean of gradients, in [0, 1)
     * @param beta2 decay of the mean of squared gradients, in [0, 1)
     * @param epsilon keeps the division finite
     * @param weightDecay on matrices and embeddings, at least 0
     * @param clipNorm global norm that gradients are scaled down to; 0: never
     */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay, double clipNorm) {
        /** @throws IllegalArgumentException naming the field that is out of its range */
        public Settings {
            check("beta1", beta1, beta1 >= 0 && beta1 < 1, "at least 0 and less than 1");
            check("beta2", beta2, beta2 >= 0 && beta2 < 1, "at least 0 and less than 1");
            check("epsilon", epsilon, epsilon > 0, "greater than 0");
            check("weightDecay", weightDecay, weightDecay >= 0, "at least 0");
            check("clipNorm", clipNorm, clipNorm >= 0, "at least 0");
        }

        private static void check(String field, double value, boolean valid, String expected) {
            if (!valid || Double.isInfinite(value)) {
                throw new IllegalArgumentException("training." + field + "=" + value + " must be " + expected);
            }
        }
    }

    private final Settings settings;
    private final GptWeights weights;
    private final NDManager manager;
    private final TorchScript script;
    private final List<NDArray> means = new ArrayList<>();
    private final List<NDArray> squares = new ArrayList<>();
    private final List<NDArray> steps = new ArrayList<>();

    /** Moments of zero for {@code weights}, on the same device. */
    public AdamW(NDManager parent, GptWeights weights, Settings settings) {
        this.settings = settings;
        this.weights = weights;
        manager = parent.newSubManager();
        script = TorchScript.load(manager, "AdamW", List.of("adamw.torchscript"), Map.of());
        for (NDArray array : weights.arrays()) {
            means.add(manager.zeros(array.getShape()));
            squares.add(manager.zeros(array.getShape()));
            steps.add(manager.zeros(new Shape()));
        }
    }

    /**
     * Clips and updates the weights; the gradients start anew. Where the guard refuses the step, weights and state stay as they are;
     * that is decided on the device, so that nothing waits for the norm.
     *
     * @param step owns what is made on the way
     * @param sums of the step's micro-batches
     * @param lossSum of the step's micro-batches, a scalar on the device
     * @param learningRate of this step
     * @param guard told loss and norm; keeps them for the host
     */
    public void update(NDManager step, GptGradients sums, NDArray lossSum, double learningRate, GradientGuard guard) {
        List<NDArray> gradients = sums.arrays();
        NDArray norm;
        NDArray divisor;
        try (IValue clipped =
                script.run("clip", TorchScript.list(gradients), IValue.from(settings.clipNorm()), IValue.from((double)
                        sums.microBatches()))) {
            var both = clipped.toTensorArray((PtNDManager) step);
            norm = both[0];
            divisor = both[1];
        }
        NDArray refused = guard.judge(lossSum, norm);
        updateGroup(true, gradients, divisor, refused, learningRate);
        updateGroup(false, gradients, divisor, refused, learningRate);
        sums.restart();
    }

    private void updateGroup(
            boolean decaying, List<NDArray> gradients, NDArray divisor, NDArray refused, double learningRate) {
        script.run(
                        "update",
                        group(decaying, weights.arrays()),
                        group(decaying, gradients),
                        group(decaying, means),
                        group(decaying, squares),
                        group(decaying, steps),
                        TorchScript.tensor(divisor),
                        TorchScript.tensor(refused),
                        IValue.from(learningRate),
                        IValue.from(decaying ? settings.weightDecay() : 0.0),
                        IValue.from(settings.beta1()),
                        IValue.from(settings.beta2()),
                        IValue.from(settings.epsilon()))
                .close();
    }

    private IValue group(boolean decaying, List<NDArray> all) {
        List<NDArray> group = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (weights.parameters().get(i).decays() == decaying) {
                group.add(all.get(i));
            }
        }
        return TorchScript.list(group);
    }

    /** Copies the whole state, and the padding rows of the weights, which a model file leaves out: what exact resumption needs. */
    public List<Tensor> snapshot() {
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < means.size(); i++) {
            Parameter parameter = weights.parameters().get(i);
            tensors.add(tensor("exp_avg." + parameter.name(), parameter.shape(), means.get(i)));
            tensors.add(tensor("exp_avg_sq." + parameter.name(), parameter.shape(), squares.get(i)));
            tensors.add(tensor("step." + parameter.name(), new long[0], steps.get(i)));
            if (parameter.layout() == Layout.TRIMMED) {
                tensors.add(tensor(
                        "padded." + parameter.name(),
                        parameter.shape(),
                        weights.arrays().get(i)));
            }
        }
        return tensors;
    }

    private static Tensor tensor(String name, long[] shape, NDArray array) {
        return new Tensor(name, shape, ArrayCopy.toHost(array));
    }

    /**
     * Takes over a state that {@link #snapshot} made.
     *
     * @throws IllegalArgumentException if a tensor is missing or has another shape
     */
    public void restore(TensorSource state) {
        try (ArrayCopy numbers = new ArrayCopy(manager)) {
            for (int i = 0; i < means.size(); i++) {
                Parameter parameter = weights.parameters().get(i);
                set(numbers, means.get(i), state.get("exp_avg." + parameter.name(), parameter.shape()));
                set(numbers, squares.get(i), state.get("exp_avg_sq." + parameter.name(), parameter.shape()));
                set(numbers, steps.get(i), state.get("step." + parameter.name(), new long[0]));
                if (parameter.layout() == Layout.TRIMMED) {
                    set(numbers, weights.arrays().get(i), state.get("padded." + parameter.name(), parameter.shape()));
                }
            }
        }
    }

    private void set(ArrayCopy numbers, NDArray target, Tensor tensor) {
        try (NDArray loaded = manager.create(tensor.data(), target.getShape(), DataType.FLOAT32)) {
            numbers.copy(loaded, target);
        }
    }

    @Override
    public void close() {
        script.close();
        manager.close();
    }
}
