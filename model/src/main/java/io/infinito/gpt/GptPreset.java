package io.infinito.gpt;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Named sizes of networks. */
public enum GptPreset {
    /** Seconds to minutes on a laptop. */
    TINY("tiny", 4, 128, 4, 128, true),
    /** 16M parameters. */
    GPT_16M("gpt-16m", 4, 256, 4, 256, true),
    /** 45M parameters. */
    GPT_45M("gpt-45m", 6, 512, 8, 256, true),
    /** 71M parameters: the size of the system that Infinito follows. */
    INFINITO_71M("infinito-71m", 6, 512, 8, 256, false),
    /** 124M parameters: the smallest GPT-2. */
    GPT2_SMALL("gpt2-small", 12, 768, 12, 1024, true);

    private final String presetName;
    private final int layers;
    private final int hidden;
    private final int heads;
    private final int context;
    private final boolean tiedHead;

    GptPreset(String presetName, int layers, int hidden, int heads, int context, boolean tiedHead) {
        this.presetName = presetName;
        this.layers = layers;
        this.hidden = hidden;
        this.heads = heads;
        this.context = context;
        this.tiedHead = tiedHead;
    }

    /**
     * The preset of this name.
     *
     * @param field that named it, for the message
     * @throws IllegalArgumentException listing the presets there are
     */
    public static GptPreset named(String field, String name) {
        return Arrays.stream(values())
                .filter(preset -> preset.presetName.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(field + "='" + name + "' is unknown; there are "
                        + Arrays.stream(values()).map(p -> p.presetName).collect(Collectors.joining(", "))));
    }

    /** What requests and options call it. */
    public String presetName() {
        return presetName;
    }

    /** The network for a vocabulary. */
    public GptConfig config(int vocabularySize) {
        return new GptConfig(vocabularySize, context, layers, heads, hidden, tiedHead);
    }
}
