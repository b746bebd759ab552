package io.infinito.tokenize;

import io.grpc.Status;
import io.infinito.tokenizer.v1.CountRequest;
import io.infinito.tokenizer.v1.CountResponse;
import io.infinito.tokenizer.v1.DecodeRequest;
import io.infinito.tokenizer.v1.DecodeResponse;
import io.infinito.tokenizer.v1.EncodeRequest;
import io.infinito.tokenizer.v1.EncodeResponse;
import io.infinito.tokenizer.v1.TokenizerService;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Uni;
import java.util.function.Function;

/** {@code infinito.tokenizer.v1.TokenizerService}. What the codec refuses is {@code INVALID_ARGUMENT}. */
@GrpcService
@Blocking
public class TokenizerGrpc implements TokenizerService {
    private final TextCodec codec;

    TokenizerGrpc(TextCodec codec) {
        this.codec = codec;
    }

    @Override
    public Uni<EncodeResponse> encode(EncodeRequest request) {
        return answer(request, codec::encode);
    }

    @Override
    public Uni<DecodeResponse> decode(DecodeRequest request) {
        return answer(request, codec::decode);
    }

    @Override
    public Uni<CountResponse> count(CountRequest request) {
        return answer(request, codec::count);
    }

    private static <Q, A> Uni<A> answer(Q request, Function<Q, A> method) {
        try {
            return Uni.createFrom().item(method.apply(request));
        } catch (IllegalArgumentException e) {
            return Uni.createFrom()
                    .failure(Status.INVALID_ARGUMENT
                            .withDescription(e.getMessage())
                            .asRuntimeException());
        }
    }
}
