package io.infinito.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.infinito.gpt.GptConfig;
import io.infinito.safetensors.SafeTensorsIndex;
import io.infinito.safetensors.Tensor;
import io.infinito.safetensors.TensorPlace;
import io.infinito.safetensors.TensorPlaces;
import io.infinito.safetensors.TensorSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A GPT-2 as HuggingFace's {@code transformers} saves it: {@code config.json}, and {@code model.safetensors} or the shards that
 * {@code model.safetensors.index.json} names. Tensors are found with and without the prefix {@code transformer.}; the attention's
 * causal masks, which old versions save as buffers, are left alone.
 */
public final class HuggingFaceDirectory implements TensorSource, TensorPlaces {
    private static final String INDEX = CheckpointKeys.MODEL + ".index.json";
    private static final String PREFIX = "transformer.";
    private static final String TOKENS = PREFIX + "wte.weight";
    private static final String HEAD = "lm_head.weight";

    private final Path directory;
    private final Map<String, SafeTensorsIndex> files;
    private final GptConfig config;

    /**
     * Reads the sizes, and where the tensors are.
     *
     * @throws IllegalArgumentException if a file is missing or broken, or config.json does not say what the weights say
     */
    public HuggingFaceDirectory(Path directory) {
        this.directory = directory;
        files = files();
        config = config(HuggingFaceConfig.read(bytes(CheckpointKeys.CONFIG)));
    }

    /** The sizes of the weights. Their vocabulary may hold padding behind the tokenizer's. */
    public GptConfig config() {
        return config;
    }

    @Override
    public Tensor get(String name, long... shape) {
        return place(name, shape).map(name);
    }

    /** Gives the first rows of an embedding that has more than were asked for: padding of the vocabulary. */
    @Override
    public TensorPlace place(String name, long... shape) {
        long[] found = shape(name);
        boolean embedding = name.equals(TOKENS) || name.equals(HEAD);
        if (embedding && found.length == 2 && found[0] > shape[0] && found[1] == shape[1]) {
            TensorPlace whole = fileOf(name).place(savedName(name), found);
            return new TensorPlace(whole.file(), whole.offset(), shape);
        }
        return fileOf(name).place(savedName(name), shape);
    }

    private Map<String, SafeTensorsIndex> files() {
        Map<String, SafeTensorsIndex> byTensor = new HashMap<>();
        if (Files.isRegularFile(directory.resolve(CheckpointKeys.MODEL))) {
            add(byTensor, CheckpointKeys.MODEL);
            return byTensor;
        }
        if (!Files.isRegularFile(directory.resolve(INDEX))) {
            throw new IllegalArgumentException(directory + " has neither " + CheckpointKeys.MODEL + " nor " + INDEX
                    + ": it is not a HuggingFace model with safetensors weights");
        }
        JsonNode weightMap = JsonDocument.read(INDEX, bytes(INDEX)).root().path("weight_map");
        weightMap.valueStream().map(JsonNode::asText).distinct().forEach(name -> add(byTensor, name));
        return byTensor;
    }

    private void add(Map<String, SafeTensorsIndex> byTensor, String fileName) {
        Path file = directory.resolve(fileName).normalize();
        if (!directory.normalize().equals(file.getParent())) {
            throw new IllegalArgumentException(INDEX + " names '" + fileName + "', which is not a file name");
        }
        SafeTensorsIndex tensors = SafeTensorsIndex.read(file, name -> !isBuffer(name));
        tensors.names().forEach(name -> byTensor.put(name, tensors));
    }

    private static boolean isBuffer(String name) {
        return name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
    }

    private byte[] bytes(String fileName) {
        try {
            return Files.readAllBytes(directory.resolve(fileName));
        } catch (java.nio.file.NoSuchFileException e) {
            throw new IllegalArgumentException(directory + " has no " + fileName, e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + directory.resolve(fileName) + ": " + e.getMessage(), e);
        }
    }

    private GptConfig config(GptConfig said) {
        long[] tokens = shape(TOKENS);
        long[] positions = shape(PREFIX + "wpe.weight");
        if (tokens.length != 2 || positions.length != 2) {
            throw new IllegalArgumentException("the embeddings in " + directory + " are not matrices but "
                    + Arrays.toString(tokens) + " and " + Arrays.toString(positions));
        }
        int layers = 0;
        while (files.containsKey(savedName(PREFIX + "h." + layers + ".ln_1.weight"))) {
            layers++;
        }
        agree("vocab_size", said.vocabularySize(), tokens[0]);
        agree("n_embd", said.hidden(), tokens[1]);
        agree("n_positions", said.context(), positions[0]);
        agree("n_layer", said.layers(), layers);
        if (!said.tiedHead() && !files.containsKey(HEAD)) {
            throw new IllegalArgumentException(
                    directory + ": config.json says tie_word_embeddings=false, but the weights have no " + HEAD);
        }
        return said;
    }

    private void agree(String field, long said, long found) {
        if (said != found) {
            throw new IllegalArgumentException(
                    directory + ": config.json says " + field + "=" + said + ", but the weights have " + found);
        }
    }

    private long[] shape(String name) {
        return fileOf(name).shape(savedName(name));
    }

    private SafeTensorsIndex fileOf(String name) {
        SafeTensorsIndex file = files.get(savedName(name));
        if (file == null) {
            throw new IllegalArgumentException(directory + " has no tensor " + name);
        }
        return file;
    }

    private String savedName(String name) {
        return !files.containsKey(name) && name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
    }
}
