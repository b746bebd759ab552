package io.infinito.standalone.jobs;

import io.infinito.training.v1.EpochCompleted;

/** Epochs as rows of a table. */
final class EpochTable {
    private static final String FORMAT = "%7s  %10s  %10s  %10s  %9s  %9s  %8s  %s";

    private EpochTable() {}

    static String header() {
        return FORMAT.formatted("epoch", "train loss", "val loss", "val ppl", "rate", "tokens/s", "time", "")
                .stripTrailing();
    }

    static String row(EpochCompleted epoch) {
        return FORMAT.formatted(
                        epoch.getEpoch() + "/" + epoch.getEpochs(),
                        Figures.loss(epoch.getTrainLoss()),
                        Figures.loss(epoch.getValidationLoss()),
                        Figures.perplexity(epoch.getValidationPerplexity()),
                        Figures.rate(epoch.getLearningRate()),
                        Figures.count(epoch.getTokensPerSecond()),
                        Figures.duration(epoch.getSeconds()),
                        epoch.getBest() ? "best" : "")
                .stripTrailing();
    }
}
