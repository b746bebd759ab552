package io.infinito.infer;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.infinito.infer.engine.Finish;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.engine.GenerationRequest;
import io.infinito.infer.model.ModelIdentity;
import io.infinito.infer.sampling.TokenLogprob;
import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.Timing;
import io.infinito.inference.v1.Usage;
import io.infinito.tokenizer.Vocabulary;
import java.time.Duration;
import java.util.List;

/**
 * What is known of an answer before its first token.
 *
 * @param requestId echoed
 * @param model that answers
 * @param vocabulary of that model
 * @param prompts one or more
 * @param sequences equally many for each prompt, those of the first prompt first
 */
record Answer(
        String requestId,
        ModelIdentity model,
        Vocabulary vocabulary,
        List<Prompt> prompts,
        List<GenerationRequest> sequences) {
    private static final double NANOS_PER_MILLI = 1e6;

    /** What a sequence continues. */
    Prompt prompt(int sequence) {
        return prompts.get(sequence / (sequences.size() / prompts.size()));
    }

    long seed(int sequence) {
        return sequences.get(sequence).seed();
    }

    /** The bytes of a token as the contract has them. */
    ByteString bytes(int id) {
        return ByteString.copyFrom(vocabulary.bytes(id));
    }

    ModelVersion version() {
        return version(model);
    }

    static ModelVersion version(ModelIdentity identity) {
        return ModelVersion.newBuilder()
                .setName(identity.name())
                .setVersion(identity.version())
                .setStep(identity.step())
                .setSha256(identity.sha256())
                .build();
    }

    List<io.infinito.inference.v1.TokenLogprob> logprobs(List<TokenLogprob> logprobs) {
        return logprobs.stream().map(this::logprob).toList();
    }

    private io.infinito.inference.v1.TokenLogprob logprob(TokenLogprob logprob) {
        return io.infinito.inference.v1.TokenLogprob.newBuilder()
                .setId(logprob.id())
                .setToken(bytes(logprob.id()))
                .setLogprob(logprob.logprob())
                .setRank(logprob.rank())
                .addAllTop(logprobs(logprob.top()))
                .build();
    }

    static FinishReason reason(Finish finish) {
        return switch (finish.reason()) {
            case LENGTH -> FinishReason.LENGTH;
            case STOP -> FinishReason.STOP;
            case EOS -> FinishReason.EOS;
            case TIME -> FinishReason.DEADLINE;
        };
    }

    static Usage usage(Finish finish) {
        return Usage.newBuilder()
                .setPromptTokens(finish.promptTokens())
                .setCompletionTokens(finish.completionTokens())
                .build();
    }

    static Timing timing(Finish finish) {
        return Timing.newBuilder()
                .setQueueMs(millis(finish.timing().queue()))
                .setFirstTokenMs(millis(finish.timing().firstToken()))
                .setTotalMs(millis(finish.timing().total()))
                .build();
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / NANOS_PER_MILLI;
    }

    static Status status(GenerationListener.Failure failure) {
        return switch (failure) {
            case DEADLINE -> Status.DEADLINE_EXCEEDED;
            case SLOW_READER -> Status.RESOURCE_EXHAUSTED;
            case SHUTDOWN -> Status.UNAVAILABLE;
            case INTERNAL -> Status.INTERNAL;
        };
    }
}
