package io.infinito.train;

/** The gradients are not usable any more: the run cannot go on. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private DivergedException(String message) {
        super(message);
    }

    static DivergedException of(int step, TrainStep.Result result, double normMean, double spikeFactor) {
        double norm = result.verdict().norm();
        return Double.isFinite(norm) && Double.isFinite(result.loss())
                ? ofNorm(step, norm, normMean, spikeFactor)
                : ofLoss(step, result.loss());
    }

    private static DivergedException ofLoss(int step, double loss) {
        return new DivergedException("the training loss became " + loss + " at step " + step
                + ", or its gradients did: lower training.learningRate or training.clipNorm");
    }

    private static DivergedException ofNorm(int step, double norm, double mean, double spikeFactor) {
        return new DivergedException("the gradient norm became " + norm + " at step " + step
                + ", more than training.spikeFactor=" + spikeFactor + " times its running mean " + mean
                + ": lower training.learningRate, or set training.guard to SKIP");
    }
}
