package io.infinito.load;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.infinito.inference.v1.GenerateChunk;
import io.infinito.inference.v1.GenerateRequest;
import io.infinito.inference.v1.InferenceServiceGrpc;
import java.util.function.LongConsumer;

/** One {@code GenerateStream}, read as fast as it comes. */
final class StreamCall extends ClientCall.Listener<GenerateChunk> {
    private static final Metadata.Key<String> CLIENT = Metadata.Key.of("x-client-id", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> PUSHBACK =
            Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

    private final ClientCall<GenerateRequest, GenerateChunk> call;
    private final Measurement measurement;
    private final long arrived;
    private final LongConsumer ended;
    private long last;

    private StreamCall(
            ClientCall<GenerateRequest, GenerateChunk> call,
            Measurement measurement,
            long arrived,
            LongConsumer ended) {
        this.call = call;
        this.measurement = measurement;
        this.arrived = arrived;
        this.ended = ended;
    }

    /**
     * Sends a request.
     *
     * @param client whose it is
     * @param arrived when it should have been sent, by {@link System#nanoTime}: that the sender was late is part of the wait
     * @param ended takes the milliseconds that the service wants to be left alone, 0 for none
     */
    static StreamCall start(
            Channel channel,
            String client,
            GenerateRequest request,
            Measurement measurement,
            long arrived,
            LongConsumer ended) {
        ClientCall<GenerateRequest, GenerateChunk> call =
                channel.newCall(InferenceServiceGrpc.getGenerateStreamMethod(), CallOptions.DEFAULT);
        StreamCall stream = new StreamCall(call, measurement, arrived, ended);
        Metadata headers = new Metadata();
        headers.put(CLIENT, client);
        call.start(stream, headers);
        call.request(Integer.MAX_VALUE);
        call.sendMessage(request);
        call.halfClose();
        return stream;
    }

    /** Ends it early. */
    void cancel() {
        call.cancel("the measurement is over", null);
    }

    @Override
    public void onMessage(GenerateChunk chunk) {
        long now = System.nanoTime();
        if (last == 0) {
            measurement.firstToken(now, now - arrived);
        }
        measurement.tokens(now, chunk.getTokenIdsCount(), last == 0 ? 0 : now - last);
        last = now;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        measurement.ended(System.nanoTime(), status.getCode());
        String pushback = trailers.get(PUSHBACK);
        ended.accept(pushback == null ? 0 : Long.parseLong(pushback));
    }
}
