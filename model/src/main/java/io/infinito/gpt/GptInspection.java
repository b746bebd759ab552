package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The network of {@link Gpt} compiled with the methods that people look into it with. It holds no weights. */
public final class GptInspection implements AutoCloseable {
    private final GptConfig config;
    private final TorchScript script;

    private GptInspection(GptConfig config, TorchScript script) {
        this.config = config;
        this.script = script;
    }

    /** Compiles {@code gpt.torchscript} with {@code inspect.torchscript} for these sizes. */
    public static GptInspection compile(NDManager parent, GptConfig config, Precision precision) {
        return new GptInspection(
                config,
                TorchScript.load(
                        parent,
                        "Gpt",
                        List.of("gpt.torchscript", "inspect.torchscript"),
                        Gpt.attributes(config, Dropout.NONE, 0, precision)));
    }

    /**
     * Where every head looks.
     *
     * @param owner of what is needed meanwhile
     * @param ids 1 to {@code context} token ids, T
     * @return for each layer and head T x T weights row by row, where row t adds up to 1 over the tokens up to t
     */
    public float[][][] attention(NDManager owner, GptWeights weights, long[] ids) {
        float[] all = run(owner, "attention", weights, ids);
        int square = ids.length * ids.length;
        float[][][] byLayer = new float[config.layers()][config.heads()][square];
        int from = 0;
        for (float[][] byHead : byLayer) {
            for (float[] head : byHead) {
                System.arraycopy(all, from, head, 0, square);
                from += square;
            }
        }
        return byLayer;
    }

    /**
     * How likely each token is after those before it.
     *
     * @param owner of what is needed meanwhile
     * @param ids 2 to {@code context} token ids
     * @param top how many of the likeliest tokens are told at each place, at most the vocabulary
     * @return one for each token but the first
     */
    public List<TokenScore> scores(NDManager owner, GptWeights weights, long[] ids, int top) {
        float[] all = run(owner, "scores", weights, ids, IValue.from((long) top));
        int columns = 2 + 2 * top;
        List<TokenScore> scores = new ArrayList<>();
        for (int row = 0; row < all.length; row += columns) {
            Map<Integer, Float> likeliest = new LinkedHashMap<>();
            for (int i = 0; i < top; i++) {
                likeliest.put((int) all[row + 2 + top + i], all[row + 2 + i]);
            }
            scores.add(new TokenScore(all[row], (int) all[row + 1], likeliest));
        }
        return scores;
    }

    private float[] run(NDManager owner, String method, GptWeights weights, long[] ids, IValue... more) {
        NDArray idsBT = owner.create(ids, new Shape(1, ids.length));
        IValue[] arguments = new IValue[2 + more.length];
        arguments[0] = TorchScript.list(weights.arrays());
        arguments[1] = TorchScript.tensor(idsBT);
        System.arraycopy(more, 0, arguments, 2, more.length);
        try (IValue result = script.run(method, arguments);
                PtNDArray values = result.toTensor((PtNDManager) owner)) {
            return values.toFloatArray();
        }
    }

    @Override
    public void close() {
        script.close();
    }
}
