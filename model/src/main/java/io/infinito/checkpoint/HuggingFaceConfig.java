package io.infinito.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.infinito.gpt.GptConfig;

/** {@code config.json} of HuggingFace's GPT-2: what {@code transformers}, llama.cpp and vLLM read the sizes from. */
public final class HuggingFaceConfig {
    private HuggingFaceConfig() {}

    /**
     * The document.
     *
     * @param endOfText id of the token that starts and ends texts, or -1
     */
    public static byte[] write(GptConfig config, int endOfText) {
        ObjectNode node = JsonDocument.create();
        node.putArray("architectures").add("GPT2LMHeadModel");
        node.put("model_type", "gpt2")
                .put("vocab_size", config.vocabularySize())
                .put("n_positions", config.context())
                .put("n_ctx", config.context())
                .put("n_embd", config.hidden())
                .put("n_layer", config.layers())
                .put("n_head", config.heads())
                .putNull("n_inner")
                .put("activation_function", "gelu_new")
                .put("layer_norm_epsilon", 1e-5)
                .put("initializer_range", 0.02)
                .put("scale_attn_weights", true)
                .put("tie_word_embeddings", config.tiedHead())
                .put("torch_dtype", "float32")
                .put("use_cache", true);
        if (endOfText >= 0) {
            node.put("bos_token_id", endOfText).put("eos_token_id", endOfText);
        }
        return JsonDocument.write(node);
    }

    /**
     * The sizes.
     *
     * @throws IllegalArgumentException if a field is missing, or the network is not one that {@code gpt.torchscript} computes
     */
    public static GptConfig read(byte[] json) {
        JsonDocument document = JsonDocument.read(CheckpointKeys.CONFIG, json);
        require(document, "model_type", "gpt2");
        require(document, "activation_function", "gelu_new");
        return new GptConfig(
                document.integer("vocab_size"),
                document.integer("n_positions"),
                document.integer("n_layer"),
                document.integer("n_head"),
                document.integer("n_embd"),
                !document.root().has("tie_word_embeddings") || document.flag("tie_word_embeddings"));
    }

    private static void require(JsonDocument document, String field, String expected) {
        String value = document.text(field);
        if (!value.equals(expected)) {
            throw new IllegalArgumentException(
                    CheckpointKeys.CONFIG + ": " + field + "=" + value + " is not supported, only " + expected);
        }
    }
}
