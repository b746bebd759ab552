package io.infinito.tokenize;

import io.infinito.tokenizer.Tokenizer;
import io.infinito.tokenizer.v1.CountRequest;
import io.infinito.tokenizer.v1.CountResponse;
import io.infinito.tokenizer.v1.DecodeRequest;
import io.infinito.tokenizer.v1.DecodeResponse;
import io.infinito.tokenizer.v1.EncodeRequest;
import io.infinito.tokenizer.v1.EncodeResponse;
import java.util.Arrays;
import java.util.List;

/** Answers single requests. Every method throws {@link IllegalArgumentException} that names the field which is not as it must be. */
public final class TextCodec {
    private final TokenizerCatalog tokenizers;
    private final TokenizerLimits limits;

    /** A codec for any of the catalog's tokenizers. */
    public TextCodec(TokenizerCatalog tokenizers, TokenizerLimits limits) {
        this.tokenizers = tokenizers;
        this.limits = limits;
    }

    /** Text to ids. */
    public EncodeResponse encode(EncodeRequest request) {
        Tokenizer tokenizer = tokenizers.get(request.getTokenizer());
        return EncodeResponse.newBuilder()
                .addAllIds(Arrays.stream(tokenizer.encode(bounded(request.getText())))
                        .boxed()
                        .toList())
                .setTokenizerSha256(tokenizer.sha256())
                .build();
    }

    /** Ids to text. */
    public DecodeResponse decode(DecodeRequest request) {
        Tokenizer tokenizer = tokenizers.get(request.getTokenizer());
        List<Integer> ids = request.getIdsList();
        if (ids.size() > limits.maxIds()) {
            throw new IllegalArgumentException(
                    "ids: %d of them, more than the %d that are allowed".formatted(ids.size(), limits.maxIds()));
        }
        return DecodeResponse.newBuilder()
                .setText(tokenizer.decode(
                        ids.stream().mapToInt(Integer::intValue).toArray()))
                .setTokenizerSha256(tokenizer.sha256())
                .build();
    }

    /** Text to the number of its ids. */
    public CountResponse count(CountRequest request) {
        Tokenizer tokenizer = tokenizers.get(request.getTokenizer());
        return CountResponse.newBuilder()
                .setTokens(tokenizer.encode(bounded(request.getText())).length)
                .setTokenizerSha256(tokenizer.sha256())
                .build();
    }

    private String bounded(String text) {
        if (text.length() > limits.maxTextLength()) {
            throw new IllegalArgumentException("text: %d characters, more than the %d that are allowed"
                    .formatted(text.length(), limits.maxTextLength()));
        }
        return text;
    }
}
