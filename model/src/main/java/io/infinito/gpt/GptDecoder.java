package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;

/**
 * The network of {@link Gpt} compiled for generation, with its matrices packed in one {@link WeightFormat}. It feeds any number of sequences
 * in one pass. What a sequence gets does not depend on which others are fed beside it: to the last bit in INT8, and in FP32 where oneDNN adds in one order whatever the batch, as on AVX2. Only one
 * thread at a time may {@link #feed}.
 */
public final class GptDecoder implements AutoCloseable {
    private final GptConfig config;
    private final WeightFormat format;
    private final TorchScript script;
    /** Parameters, and the matrices as each kernel wants them: lists that libtorch keeps from step to step. */
    private final List<IValue> weights;

    /**
     * What one sequence is fed with.
     *
     * @param cache of the sequence; holds the tokens afterwards
     * @param ids tokens behind those of the cache, at least one and at most as many as it has room for
     * @param answered whether the logits that follow the last of them are wanted
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Feed(KvCache cache, long[] ids, boolean answered) {}

    private GptDecoder(GptConfig config, WeightFormat format, TorchScript script, List<IValue> weights) {
        this.config = config;
        this.format = format;
        this.script = script;
        this.weights = weights;
    }

    /**
     * Compiles {@code gpt.torchscript} with {@code decode.torchscript} and packs the matrices.
     *
     * @param weights stay the caller's, and must outlive this
     * @param format PLAIN goes on reading {@code weights}; others keep the matrices as they are now
     * @throws ai.djl.engine.EngineException if the processor or the device cannot multiply in this format
     */
    public static GptDecoder compile(NDManager parent, GptWeights weights, WeightFormat format) {
        GptConfig config = weights.config();
        TorchScript script = TorchScript.load(
                parent,
                "Gpt",
                List.of("gpt.torchscript", "decode.torchscript"),
                Gpt.attributes(config, Dropout.NONE, 0, format.precision()));
        List<IValue> lists = new ArrayList<>();
        try {
            IValue parameters = TorchScript.list(weights.arrays());
            lists.add(parameters);
            for (String packing : List.of("pack_floats", "pack_quantized")) {
                lists.add(script.run(
                        packing, List.of(parameters), IValue.from(format.body()), IValue.from(format.head())));
            }
            return new GptDecoder(config, format, script, lists);
        } catch (RuntimeException e) {
            lists.forEach(IValue::close);
            script.close();
            throw e;
        }
    }

    /**
     * Feeds each sequence, and keeps keys and values in its cache. On failure the caches hold nothing of use.
     *
     * @param owner owns the result
     * @param feeds of one sequence several may stand behind each other: each layer keeps all keys and values before it attends
     * @return the logits that were wanted, in the order of the feeds, float32 [A, vocabularySize]
     * @throws IllegalArgumentException if a feed has no ids, or more than its cache has room for
     */
    public NDArray feed(NDManager owner, List<Feed> feeds) {
        int tokens = feeds.stream().mapToInt(feed -> feed.ids().length).sum();
        long[] ids = new long[tokens];
        long[] positions = new long[tokens];
        long[] starts = new long[feeds.size()];
        long[] counts = new long[feeds.size()];
        List<NDArray> caches = new ArrayList<>(feeds.size());
        long[] answers = new long[(int) feeds.stream().filter(Feed::answered).count()];
        int row = 0;
        int answer = 0;
        for (int s = 0; s < feeds.size(); s++) {
            Feed feed = feeds.get(s);
            starts[s] = feed.cache().advance(feed.ids().length);
            counts[s] = feed.ids().length;
            caches.add(feed.cache().keysAndValues());
            for (int i = 0; i < feed.ids().length; i++) {
                ids[row] = feed.ids()[i];
                positions[row++] = starts[s] + i;
            }
            if (feed.answered()) {
                answers[answer++] = row - 1;
            }
        }
        try (NDArray idsN = owner.create(ids);
                NDArray positionsN = owner.create(positions);
                NDArray answersA = owner.create(answers);
                IValue logits = script.run(
                        "feed",
                        weights,
                        IValue.from(format.body()),
                        IValue.from(format.head()),
                        TorchScript.list(caches),
                        TorchScript.tensor(idsN),
                        TorchScript.tensor(positionsN),
                        IValue.listFrom(starts),
                        IValue.listFrom(counts),
                        TorchScript.tensor(answersA))) {
            return logits.toTensor((PtNDManager) owner);
        }
    }

    /** The sizes. */
    public GptConfig config() {
        return config;
    }

    /** How the matrices are kept. */
    public WeightFormat format() {
        return format;
    }

    @Override
    public void close() {
        weights.forEach(IValue::close);
        script.close();
    }
}
