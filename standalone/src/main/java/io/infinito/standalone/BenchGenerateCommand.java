package io.infinito.standalone;

import io.infinito.standalone.stack.BenchmarkProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code infinito bench generate}: tokens of the serving engine against the speed of memory. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        header = "Measure generation against the machine's memory.",
        description =
                "%nRuns the engine that serves, without a network, on random weights or a model of yours, in each format of weights "
                        + "and with so many streams at once. One stream cannot be faster than its weights are read: that is the floor. "
                        + "With --text it also tells what each format does to the perplexity of that text. With --json the last line of "
                        + "standard output is a document.%n")
final class BenchGenerateCommand implements Callable<Integer> {
    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "tiny, gpt-16m, gpt-45m, infinito-71m or gpt2-small, with random weights. Default: gpt-45m.")
    private String preset;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "A model in HuggingFace's format, as 'infinito export' writes it, instead of a preset.")
    private Path model;

    @Option(
            names = "--formats",
            paramLabel = "NAME[,NAME]",
            description = "fp32, fp16, int8, mixed, bf16 or auto. Default: all that the device has.")
    private String formats;

    @Option(names = "--streams", paramLabel = "N[,N]", description = "Sequences at once. Default: 1,16.")
    private String streams;

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "Of each sequence. Default: 32.")
    private Integer promptTokens;

    @Option(names = "--tokens", paramLabel = "N", description = "Generated of each sequence. Default: 128.")
    private Integer tokens;

    @Option(names = "--threads", paramLabel = "N", description = "Of one operation. Default: the service's.")
    private Integer threads;

    @Option(names = "--text", paramLabel = "FILE", description = "Text for the perplexity; needs --model.")
    private Path text;

    @Option(names = "--text-tokens", paramLabel = "N", description = "Of it, from its beginning. Default: 16384.")
    private Integer textTokens;

    @Option(names = "--json", description = "A line of JSON on standard output, remarks on standard error.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        return BenchmarkProcess.generation(StackOptions.home())
                .with("--preset", preset)
                .with("--model", model)
                .with("--formats", formats)
                .with("--streams", streams)
                .with("--prompt-tokens", promptTokens)
                .with("--tokens", tokens)
                .with("--threads", threads)
                .with("--text", text)
                .with("--text-tokens", textTokens)
                .json(json)
                .run();
    }
}
