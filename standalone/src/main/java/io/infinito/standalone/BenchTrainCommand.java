package io.infinito.standalone;

import io.infinito.standalone.stack.BenchmarkProcess;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code infinito bench train}: training steps against bare matrix products. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        header = "Measure training steps against the machine's peak.",
        description =
                "%nRuns the trainer's own steps on random tokens, and before each a few bare matrix products; medians of both give "
                        + "the share of the peak that training reaches (MFU). With --json the last line of standard output is a "
                        + "document with tokensPerSecond, mfu (a fraction) and gemmGflops.%n")
final class BenchTrainCommand implements Callable<Integer> {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            defaultValue = "gpt-45m",
            description = "tiny, gpt-16m, gpt-45m, infinito-71m or gpt2-small. Default: ${DEFAULT-VALUE}.")
    private String preset;

    @Option(names = "--steps", paramLabel = "N", description = "Steps that are counted. Default: 20.")
    private Integer steps;

    @Option(names = "--warmup", paramLabel = "N", description = "Steps before them. Default: 3.")
    private Integer warmup;

    @Option(names = "--batch", paramLabel = "B", description = "Sequences in a micro-batch. Default: the preset's.")
    private Integer batch;

    @Option(names = "--accumulation", paramLabel = "N", description = "Micro-batches in a step. Default: 1.")
    private Integer accumulation;

    @Option(names = "--dropout", paramLabel = "P", description = "Of embeddings and residuals. Default: 0.")
    private Double dropout;

    @Option(
            names = "--read-back",
            paramLabel = "N",
            description = "Steps whose losses are read back together. Default: 1 on a CPU, 10 on CUDA.")
    private Integer readBack;

    @Option(names = "--json", description = "A line of JSON on standard output, remarks on standard error.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        return BenchmarkProcess.training(StackOptions.home())
                .with("--preset", preset)
                .with("--steps", steps)
                .with("--warmup", warmup)
                .with("--batch", batch)
                .with("--accumulation", accumulation)
                .with("--dropout", dropout)
                .with("--read-back", readBack)
                .json(json)
                .run();
    }
}
