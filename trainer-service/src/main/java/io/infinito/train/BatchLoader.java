package io.infinito.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.cuda.CudaUtils;
import io.infinito.dataset.TokenFile;
import io.infinito.gpt.DeviceTokens;
import io.infinito.gpt.Upload;
import java.lang.management.MemoryUsage;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Makes batches of the training split on the device. */
public final class BatchLoader implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(BatchLoader.class);
    /** A larger file stays on the host. As numbers of four bytes this is a gibibyte, and a buffer of Java's holds two at most. */
    private static final long MOST_DEVICE_TOKENS = 1 << 28;
    /** Of the memory that is free once weights and moments are there; the rest is for the activations. */
    private static final int SHARE_OF_FREE_MEMORY = 4;

    /**
     * A batch.
     *
     * @param idsBT token ids, int64 [B, T]
     * @param targetsBT the token that follows each, int64 [B, T]
     */
    record Batch(NDArray idsBT, NDArray targetsBT) {}

    private final SequenceOrder sequences;
    private final TokenDropout tokenDropout;
    private final int context;
    private final Optional<DeviceTokens> deviceTokens;
    private final Upload upload;

    private BatchLoader(
            NDManager manager,
            SequenceOrder sequences,
            TokenDropout tokenDropout,
            int context,
            Optional<DeviceTokens> deviceTokens) {
        upload = new Upload(manager);
        this.sequences = sequences;
        this.tokenDropout = tokenDropout;
        this.context = context;
        this.deviceTokens = deviceTokens;
    }

    /**
     * A loader of one run. On a GPU the tokens are copied to it once, if they fit and are trained on as they are.
     *
     * @param context tokens in a sequence, T
     */
    public static BatchLoader of(NDManager manager, SequenceOrder sequences, TokenDropout tokenDropout, int context) {
        boolean toDevice = manager.getDevice().isGpu()
                && tokenDropout.changesNothing()
                && fits(sequences.tokens().size(), freeBytes(manager.getDevice()));
        return toDevice
                ? onDevice(manager, sequences, tokenDropout, context)
                : new BatchLoader(manager, sequences, tokenDropout, context, Optional.empty());
    }

    /** Whether so many tokens leave enough of a device's free memory to what training needs besides. */
    static boolean fits(long tokens, long freeBytes) {
        return tokens <= MOST_DEVICE_TOKENS && tokens * Integer.BYTES <= freeBytes / SHARE_OF_FREE_MEMORY;
    }

    /** 0 where the driver cannot be asked: the file then stays on the host, which costs little. */
    private static long freeBytes(Device gpu) {
        return freeBytes(() -> CudaUtils.getGpuMemory(gpu));
    }

    static long freeBytes(Supplier<MemoryUsage> query) {
        try {
            MemoryUsage memory = query.get();
            return memory.getMax() - memory.getCommitted();
        } catch (RuntimeException | LinkageError e) {
            LOG.warnf("the training tokens stay on the host: the device's free memory cannot be asked for: %s", e);
            return 0;
        }
    }

    static BatchLoader onDevice(NDManager manager, SequenceOrder sequences, TokenDropout tokenDropout, int context) {
        TokenFile tokens = sequences.tokens();
        DeviceTokens copy = new DeviceTokens(manager, Math.toIntExact(tokens.size()), tokens::get);
        return new BatchLoader(manager, sequences, tokenDropout, context, Optional.of(copy));
    }

    /**
     * The sequences {@code from} to {@code to} of an epoch.
     *
     * @param owner owns the arrays
     * @param order where the epoch's sequences begin
     * @param step optimizer steps done before
     * @param microBatch of the step, from 0
     */
    Batch load(NDManager owner, long[] order, int from, int to, int step, int microBatch) {
        if (deviceTokens.isPresent()) {
            NDList both = deviceTokens.get().batch(owner, Arrays.copyOfRange(order, from, to), context);
            return new Batch(both.get(0), both.get(1));
        }
        int rows = to - from;
        long[] ids = new long[rows * context];
        long[] targets = new long[rows * context];
        for (int row = 0; row < rows; row++) {
            sequences.copy(order[from + row], ids, targets, row);
        }
        tokenDropout.apply(ids, step, microBatch);
        Shape shape = new Shape(rows, context);
        return new Batch(upload.of(owner, ids, shape), upload.of(owner, targets, shape));
    }

    @Override
    public void close() {
        deviceTokens.ifPresent(DeviceTokens::close);
        upload.close();
    }
}
