package io.infinito.infer;

import io.grpc.Status;
import io.infinito.infer.engine.Finish;
import io.infinito.infer.engine.GenerationListener;
import io.infinito.infer.model.ModelIdentity;
import io.infinito.inference.v1.FinishReason;
import io.infinito.inference.v1.ModelVersion;
import io.infinito.inference.v1.Usage;

/**
 * What both kinds of answer share.
 *
 * @param requestId echoed
 * @param seed that was used
 * @param model that answers
 */
record Answer(String requestId, long seed, ModelVersion model) {
    static ModelVersion version(ModelIdentity identity) {
        return ModelVersion.newBuilder()
                .setName(identity.name())
                .setVersion(identity.version())
                .setStep(identity.step())
                .setSha256(identity.sha256())
                .build();
    }

    static FinishReason reason(Finish finish) {
        return switch (finish.reason()) {
            case LENGTH -> FinishReason.LENGTH;
            case STOP -> FinishReason.STOP;
            case EOS -> FinishReason.EOS;
        };
    }

    static Usage usage(Finish finish) {
        return Usage.newBuilder()
                .setPromptTokens(finish.promptTokens())
                .setCompletionTokens(finish.completionTokens())
                .build();
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
