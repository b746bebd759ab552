package io.infinito.gpt;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.infinito.gpt.StepClock.Phase;
import java.util.ArrayList;
import java.util.List;

/**
 * The gradients of one network, summed over the micro-batches of a step. Autograd differentiates the blocks; head, loss and embeddings,
 * whose matrices are most of a small model's memory traffic, are differentiated by hand in {@code train.torchscript}.
 *
 * <p>To be used by one thread, in which autograd is on.
 */
public final class GptGradients implements AutoCloseable {
    private final Gpt gpt;
    private final GptWeights weights;
    private final StepClock clock;
    private final int chunkRows;
    private final NDManager manager;
    private final NDArray tokenEmbedding;
    private final NDArray positionEmbedding;
    private final NDArray head;
    private final List<NDArray> body = new ArrayList<>();
    private NDArray logits;
    private NDArray hiddenGradient;
    private int microBatches;

    /**
     * No gradients yet; {@code weights} will be differentiated.
     *
     * @param clock told where the time goes
     */
    public GptGradients(NDManager parent, Gpt gpt, GptWeights weights, StepClock clock) {
        this(parent, gpt, weights, clock, Gpt.logitRows(parent.getDevice()));
    }

    GptGradients(NDManager parent, Gpt gpt, GptWeights weights, StepClock clock, int chunkRows) {
        this.chunkRows = chunkRows;
        this.gpt = gpt;
        this.weights = weights;
        this.clock = clock;
        manager = parent.newSubManager();
        weights.requireGradients();
        List<NDArray> arrays = weights.arrays();
        tokenEmbedding = manager.zeros(arrays.get(0).getShape());
        positionEmbedding = manager.zeros(arrays.get(1).getShape());
        head = gpt.config().tiedHead() ? tokenEmbedding : manager.zeros(tokenEmbedding.getShape());
    }

    /**
     * Adds the gradient of a batch's mean cross entropy, with dropout.
     *
     * @param step owns the result
     * @param idsBT token ids, int64 [B, T]
     * @param targetsBT the token that follows each, int64 [B, T]; -100 does not count
     * @return the loss, a scalar on the device
     */
    public NDArray add(NDManager step, NDArray idsBT, NDArray targetsBT) {
        boolean first = microBatches == 0;
        if (first) {
            clear();
        }
        try (NDManager pass = step.newSubManager()) {
            NDList forward = gpt.trainBody(pass, weights, idsBT);
            NDArray embeddings = forward.get(0);
            NDArray hidden = forward.get(1);
            clock.ended(Phase.BODY);
            reserve(hidden.getShape());
            NDArray loss = gpt.headGradients(step, weights, hidden, targetsBT, hiddenGradient, head, logits, first);
            clock.ended(Phase.HEAD);
            NDList found = gpt.bodyGradients(manager, weights, embeddings, hidden, hiddenGradient);
            NDArray embeddingGradient = found.get(0);
            gpt.embeddingGradients(idsBT, embeddingGradient, tokenEmbedding, positionEmbedding);
            embeddingGradient.close();
            List<NDArray> blocks = found.subList(1, found.size());
            if (first) {
                body.addAll(blocks);
            } else {
                gpt.accumulate(body, blocks);
                blocks.forEach(NDArray::close);
            }
            clock.ended(Phase.BACKWARD);
            microBatches++;
            return loss;
        }
    }

    /** Makes the arrays that every pass writes to as large as this batch needs. */
    private void reserve(Shape hidden) {
        if (hiddenGradient != null && hiddenGradient.getShape().equals(hidden)) {
            return;
        }
        if (hiddenGradient != null) {
            hiddenGradient.close();
        }
        hiddenGradient = manager.zeros(hidden);
        long rows = Math.min(chunkRows, hidden.get(0) * hidden.get(1));
        if (logits == null || logits.getShape().get(0) < rows) {
            if (logits != null) {
                logits.close();
            }
            logits = manager.zeros(new Shape(rows, gpt.config().paddedVocabulary()));
        }
    }

    /** Passes that the gradients are the sum of. */
    int microBatches() {
        return microBatches;
    }

    /** The sums, in the order of the weights. They stay this object's, until {@link #restart}. */
    public List<NDArray> arrays() {
        if (microBatches == 0) {
            throw new IllegalStateException("no batch has been added since the last step");
        }
        List<NDArray> all = new ArrayList<>(weights.arrays().size());
        all.add(tokenEmbedding);
        all.add(positionEmbedding);
        all.addAll(body);
        if (!gpt.config().tiedHead()) {
            all.add(head);
        }
        return all;
    }

    /** Begins a new sum with the next batch. */
    void restart() {
        microBatches = 0;
    }

    /** The head's gradient needs no zeros: the first pass overwrites it. */
    private void clear() {
        body.forEach(NDArray::close);
        body.clear();
        gpt.zero(gpt.config().tiedHead() ? List.of(positionEmbedding) : List.of(positionEmbedding, tokenEmbedding));
    }

    /** Arrays in native memory. */
    int nativeArrays() {
        return manager.getManagedArrays().size();
    }

    @Override
    public void close() {
        manager.close();
    }
}
