package io.infinito.infer;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import io.infinito.infer.engine.EngineFullException;
import java.time.Duration;

/**
 * Tells a client that found no place when to come again: as {@code google.rpc.RetryInfo} in {@code grpc-status-details-bin} for people's
 * code, as {@code grpc-retry-pushback-ms} for the retries that gRPC's clients make themselves, and as {@code Retry-After} over HTTP.
 */
final class RetryHint {
    private static final Metadata.Key<String> PUSHBACK =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

    private RetryHint() {}

    static StatusException exhausted(EngineFullException full) {
        Duration delay = full.retryAfter();
        RetryInfo info = RetryInfo.newBuilder()
                .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                        .setSeconds(delay.toSeconds())
                        .setNanos(delay.toNanosPart()))
                .build();
        com.google.rpc.Status status = com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
                .setMessage(full.getMessage())
                .addDetails(Any.pack(info))
                .build();
        Metadata trailers = new Metadata();
        trailers.put(PUSHBACK, String.valueOf(delay.toMillis()));
        return StatusProto.toStatusException(status, trailers);
    }

    /** Whole seconds, at least 1: HTTP has no others. */
    static String seconds(EngineFullException full) {
        return String.valueOf(
                Math.max(1, full.retryAfter().plusNanos(999_999_999).toSeconds()));
    }
}
