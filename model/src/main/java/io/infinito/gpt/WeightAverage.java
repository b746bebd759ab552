package io.infinito.gpt;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.List;
import java.util.Map;

/**
 * Exponential moving average of the weights of a run (Polyak and Juditsky 1992; as in arXiv:1703.01780). It usually predicts better
 * than the weights that it follows.
 */
public final class WeightAverage implements AutoCloseable {
    private final GptWeights average;
    private final TorchScript script;
    private final double decay;

    /**
     * The average of a run.
     *
     * @param average what it is so far; closed with this
     * @param decay share that stays at each update, greater than 0 and less than 1
     */
    public WeightAverage(NDManager parent, GptWeights average, double decay) {
        this.average = average;
        this.decay = decay;
        script = TorchScript.load(parent, "WeightAverage", List.of("weight_average.torchscript"), Map.of());
    }

    /** The averaged weights. They stay this object's. */
    public GptWeights weights() {
        return average;
    }

    /**
     * Takes in the weights after a step, or nothing where its update was left out. The first updates count for more, so that the
     * average soon forgets the initial weights.
     *
     * @param guard which knows on the device what became of the step, and how many updates there were
     */
    public void update(GptWeights weights, GradientGuard guard) {
        update(weights, guard, average.arrays().get(0).getDevice().isGpu());
    }

    /**
     * Takes in the weights after a step.
     *
     * @param atOnce few calls rather than few passes over memory: a GPU waits for the former, a CPU for the latter
     */
    void update(GptWeights weights, GradientGuard guard, boolean atOnce) {
        script.run(
                        atOnce ? "update_at_once" : "update",
                        TorchScript.list(average.arrays()),
                        TorchScript.list(weights.arrays()),
                        TorchScript.tensor(guard.state()),
                        TorchScript.tensor(guard.refused()),
                        IValue.from(decay))
                .close();
    }

    @Override
    public void close() {
        script.close();
        average.close();
    }
}
