package io.infinito.standalone;

import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.SamplingParams;
import io.infinito.inference.v1.StoppingCriteria;
import java.util.List;
import java.util.Map;
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

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Only tokens of at least this share of the likeliest one's probability. Default: 0.")
    private Float minP;

    @Option(
            names = "--typical-p",
            paramLabel = "P",
            description = "Only the most typical tokens that together have probability P. Default: 1.")
    private Float typicalP;

    @Option(
            names = "--repetition-window",
            paramLabel = "N",
            description = "Tokens that the repetition penalty looks back at; 0: all. Default: 64.")
    private Integer repetitionWindow;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "Over 0 makes generated tokens less likely to come again. Default: 0.")
    private Float presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "The same, once for each time that a token came. Default: 0.")
    private Float frequencyPenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=X",
            description = "Adds X to the logit of a token id. May be given several times.")
    private Map<Integer, Float> logitBias = Map.of();

    @Option(names = "--n", paramLabel = "N", description = "So many continuations of one prompt. Default: 1.")
    private Integer n;

    @Option(
            names = "--logprobs",
            paramLabel = "N",
            description = "With --json: log-probabilities of each token and of the N likeliest.")
    private Integer logprobs;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same text. Default: a new one.")
    private Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text. May be given several times.")
    private List<String> stop = List.of();

    @Option(
            names = "--stop-token",
            paramLabel = "ID",
            description = "End at this token id. May be given several times.")
    private List<Integer> stopTokens = List.of();

    @Option(names = "--include-stop", description = "End after the stop instead of before.")
    private boolean includeStop;

    @Option(names = "--min-tokens", paramLabel = "N", description = "Do not stop before so many tokens. Default: 0.")
    private Integer minTokens;

    @Option(names = "--ignore-eos", description = "Go on after the end of the text.")
    private boolean ignoreEos;

    @Option(names = "--truncate", description = "Keep the end of a prompt that is longer than the context.")
    private boolean truncate;

    @Option(
            names = "--served-model",
            paramLabel = "NAME",
            description = "Insist on this model: NAME, NAME@VERSION or best. Default: whichever is served.")
    private String servedModel;

    GenerateRequest toRequest(String prompt) {
        SamplingParams.Builder sampling = SamplingParams.newBuilder();
        StoppingCriteria.Builder stopping = StoppingCriteria.newBuilder().addAllStop(stop);
        stopTokens.forEach(stopping::addStopTokenIds);
        if (includeStop) {
            stopping.setIncludeStop(true);
        }
        if (ignoreEos) {
            stopping.setIgnoreEos(true);
        }
        if (minTokens != null) {
            stopping.setMinNewTokens(minTokens);
        }
        if (minP != null) {
            sampling.setMinP(minP);
        }
        if (typicalP != null) {
            sampling.setTypicalP(typicalP);
        }
        if (repetitionWindow != null) {
            sampling.setRepetitionWindow(repetitionWindow);
        }
        if (presencePenalty != null) {
            sampling.setPresencePenalty(presencePenalty);
        }
        if (frequencyPenalty != null) {
            sampling.setFrequencyPenalty(frequencyPenalty);
        }
        sampling.putAllLogitBias(logitBias);
        if (n != null) {
            sampling.setN(n);
        }
        if (logprobs != null) {
            sampling.setLogprobs(logprobs);
        }
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
        GenerateRequest.Builder request = GenerateRequest.newBuilder()
                .setText(prompt)
                .setSampling(sampling)
                .setStopping(stopping);
        if (truncate) {
            request.setTruncatePrompt(true);
        }
        if (servedModel != null) {
            request.setModel(servedModel);
        }
        return request.build();
    }
}
