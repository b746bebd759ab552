package io.infinito.standalone;

import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import java.util.List;
import picocli.CommandLine.Option;

/** How to continue a text. What is not given is left to the service. */
final class SamplingOptions {
    @Option(names = "--max-tokens", paramLabel = "N", description = "Generate at most so many tokens. Default: 128.")
    private Integer maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "0 always takes the likeliest token. Default: 0.8.")
    private Float temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Only the K likeliest tokens; 0: all. Default: 50.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Only the likeliest tokens that together have probability P. Default: 1.")
    private Float topP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            description = "Over 1 makes recent tokens less likely. Default: 1.")
    private Float repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same text. Default: a new one.")
    private Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text. May be given several times.")
    private List<String> stop = List.of();

    GenerateRequest toRequest(String prompt) {
        SamplingParams.Builder sampling = SamplingParams.newBuilder();
        StoppingCriteria.Builder stopping = StoppingCriteria.newBuilder().addAllStop(stop);
        if (maxTokens != null) {
            stopping.setMaxNewTokens(maxTokens);
        }
        if (temperature != null) {
            sampling.setTemperature(temperature);
        }
        if (topK != null) {
            sampling.setTopK(topK);
        }
        if (topP != null) {
            sampling.setTopP(topP);
        }
        if (repetitionPenalty != null) {
            sampling.setRepetitionPenalty(repetitionPenalty);
        }
        if (seed != null) {
            sampling.setSeed(seed);
        }
        return GenerateRequest.newBuilder()
                .setText(prompt)
                .setSampling(sampling)
                .setStopping(stopping)
                .build();
    }
}
