package io.infinito.tokenize;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.OptionalInt;

/** Settings of the tokenizer service. */
@ConfigMapping(prefix = "infinito.tokenizer")
public interface TokenizerConfig {
    /** Pieces that are tokenized at the same time. Default: as many as there are processors. */
    OptionalInt workers();

    /** What an empty {@code tokenizer} means: {@code gpt2} or the path of a {@code tokenizer.json}. */
    @WithDefault("gpt2")
    String defaultTokenizer();

    /** The longest text that Encode and Count take, in UTF-16 units. */
    @WithDefault("1000000")
    int maxTextLength();

    /** The most ids that Decode takes. */
    @WithDefault("1000000")
    int maxIds();
}
