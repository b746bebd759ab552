package io.infinito.gpt;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network of {@link Gpt} compiled for generation, with its matrices packed in one {@link WeightFormat}. It feeds any number of sequences
 * in one pass. What a sequence gets does not depend on which others are fed beside it, to the last bit, but for PLAIN on a CPU.
 * Only one thread at a time may {@link #feed}.
 */
public final class GptDecoder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GptDecoder.class);

    private final GptConfig config;
    private final WeightFormat format;
    private final WeightFormat.Products products;
    private final TorchScript script;
    /** Parameters, and the matrices as each kernel wants them: lists that libtorch keeps from step to step. */
    private final List<IValue> weights;

    private final KvCachePool caches;

    /**
     * What one sequence is fed with.
     *
     * @param cache of this decoder, the sequence's; holds the tokens afterwards
     * @param ids tokens behind those of the cache, at least one and at most as many as it has room for
     * @param answered whether the logits that follow the last of them are wanted
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Feed(KvCache cache, long[] ids, boolean answered) {}

    private GptDecoder(
            GptConfig config,
            WeightFormat format,
            WeightFormat.Products products,
            TorchScript script,
            List<IValue> weights,
            KvCachePool caches) {
        this.config = config;
        this.format = format;
        this.products = products;
        this.script = script;
        this.weights = weights;
        this.caches = caches;
    }

    /**
     * Compiles {@code gpt.torchscript} with {@code decode.torchscript} and packs the matrices.
     *
     * @param weights stay the caller's, and must outlive this
     * @param format PLAIN goes on reading {@code weights}; others keep the matrices as they are now
     * @param sequences that may have a cache at once
     * @throws ai.djl.engine.EngineException if the processor or the device cannot multiply in this format
     */
    public static GptDecoder compile(NDManager parent, GptWeights weights, WeightFormat format, int sequences) {
        return compile(parent, weights, format, format.on(parent.getDevice().isGpu()), sequences);
    }

    static GptDecoder compile(
            NDManager parent, GptWeights weights, WeightFormat format, WeightFormat.Products products, int sequences) {
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
            List<IValue> kept = List.of(parameters);
            lists.add(script.run("pack_floats", kept, IValue.from(products.body()), IValue.from(products.head())));
            lists.add(script.run("pack_biases", kept, IValue.from(products.body())));
            lists.add(script.run("pack_quantized", kept, IValue.from(products.body()), IValue.from(products.head())));
            // FlashAttention wants bfloat16, and rows that begin at multiples of 16 bytes.
            if (format == WeightFormat.BF16 && parent.getDevice().isGpu() && config.headSize() % 8 == 0) {
                KvCachePool half = new KvCachePool(parent, config, sequences, DataType.BFLOAT16);
                GptDecoder atOnce = new GptDecoder(config, format, products, script, lists, half);
                if (atOnce.works(parent)) {
                    return atOnce;
                }
                half.close();
            }
            return new GptDecoder(
                    config,
                    format,
                    products,
                    script,
                    lists,
                    new KvCachePool(parent, config, sequences, DataType.FLOAT32));
        } catch (RuntimeException e) {
            lists.forEach(IValue::close);
            script.close();
            throw e;
        }
    }

    /** Which GPUs have FlashAttention is libtorch's to know: it refuses before it computes anything. */
    private boolean works(NDManager parent) {
        try (KvCache cache = newCache();
                NDArray logits = feed(parent, List.of(new Feed(cache, new long[1], true)))) {
            return logits.getShape().get(0) == 1;
        } catch (EngineException e) {
            LOG.info("each sequence is attended for by a call of its own: {}", e.getMessage());
            return false;
        }
    }

    /**
     * A cache for one sequence, with room for one context.
     *
     * @throws IllegalStateException if as many as there may be are open
     */
    public KvCache newCache() {
        return caches.take();
    }

    /**
     * Feeds each sequence, and keeps keys and values in its cache. On failure the caches hold nothing of use.
     *
     * @param owner owns the result
     * @param feeds of one sequence several may stand behind each other: each layer keeps all keys and values before it attends
     * @return the logits that were wanted, in the order of the feeds, on the host, float32 [A, vocabularySize]
     * @throws IllegalArgumentException if there is no feed, one has no ids, or more than its cache has room for, or a cache is another decoder's
     */
    public NDArray feed(NDManager owner, List<Feed> feeds) {
        FeedPlan plan = FeedPlan.of(feeds, caches, products.tile());
        try (NDArray numbers = owner.create(plan.numbers());
                IValue logits = script.run(
                        "feed",
                        weights,
                        IValue.from(products.body()),
                        IValue.from(products.head()),
                        TorchScript.tensor(caches.keysAndValues()),
                        TorchScript.tensor(numbers),
                        IValue.from((long) plan.answered()),
                        IValue.listFrom(plan.slots()),
                        IValue.listFrom(plan.starts()),
                        IValue.listFrom(plan.counts()),
                        IValue.from((long) products.rows()),
                        IValue.from((long) products.tile()))) {
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
        caches.close();
        weights.forEach(IValue::close);
        script.close();
    }
}
