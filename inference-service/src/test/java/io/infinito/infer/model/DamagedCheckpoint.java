package io.infinito.infer.model;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.gpt.GptConfig;
import io.infinito.infer.model.CheckpointRefusedException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A checkpoint that must not be served.
 *
 * @param reason for which it is refused
 * @param message part of what is said of it
 * @param damage makes one for the model of a name
 */
public record DamagedCheckpoint(Reason reason, String message, Function<String, TinyCheckpoint> damage) {
    /** Of every kind, each as step 9. */
    public static Stream<DamagedCheckpoint> all() {
        GptConfig other = new GptConfig(TinyTokenizer.VOCABULARY, 32, 1, 2, 24, true);
        GptConfig larger = new GptConfig(300, 32, 1, 2, 16, true);
        return Stream.of(
                new DamagedCheckpoint(Reason.ALTERED, "has sha256", name -> flipped(TinyCheckpoint.of(name, 9))),
                new DamagedCheckpoint(Reason.TORN, "bytes, the manifest says", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    return whole.with(CheckpointKeys.MODEL, Arrays.copyOf(model, model.length - 4));
                }),
                new DamagedCheckpoint(Reason.TORN, "outside the file: it is torn", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    return whole.with(CheckpointKeys.MODEL, Arrays.copyOf(model, model.length - 4))
                            .seal();
                }),
                new DamagedCheckpoint(
                        Reason.TORN,
                        "model.safetensors does not exist: the checkpoint is torn",
                        name -> TinyCheckpoint.of(name, 9).without(CheckpointKeys.MODEL)),
                new DamagedCheckpoint(
                        Reason.TORN,
                        "lists no part tokenizer.json",
                        name -> TinyCheckpoint.of(name, 9)
                                .without(CheckpointKeys.TOKENIZER)
                                .seal()),
                new DamagedCheckpoint(
                        Reason.TOO_NEW,
                        "format 2",
                        name -> TinyCheckpoint.of(name, 9).editManifest("\"format\" : 1", "\"format\" : 2")),
                new DamagedCheckpoint(
                        Reason.UNSUPPORTED,
                        "manifest.json",
                        name -> TinyCheckpoint.of(name, 9).editManifest("{", "[")),
                new DamagedCheckpoint(
                        Reason.WEIGHTS, "has shape", name -> TinyCheckpoint.of(name, 9, TinyModels.CONFIG, other)),
                new DamagedCheckpoint(
                        Reason.VOCABULARY, "vocab_size=300", name -> TinyCheckpoint.of(name, 9, larger, larger)),
                new DamagedCheckpoint(
                        Reason.VOCABULARY,
                        "the model was trained with",
                        name -> TinyCheckpoint.of(name, 9)
                                .editManifest("\"tokenizerSha256\" : \"", "\"tokenizerSha256\" : \"0")),
                new DamagedCheckpoint(Reason.UNSUPPORTED, "activation_function=relu", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    String config = new String(whole.part(CheckpointKeys.CONFIG), StandardCharsets.UTF_8);
                    return whole.with(
                                    CheckpointKeys.CONFIG,
                                    config.replace("gelu_new", "relu").getBytes(StandardCharsets.UTF_8))
                            .seal();
                }),
                new DamagedCheckpoint(Reason.WEIGHTS, "not a finite number", name -> {
                    TinyCheckpoint whole = TinyCheckpoint.of(name, 9);
                    byte[] model = whole.part(CheckpointKeys.MODEL);
                    // The last tensor is the final LayerNorm's bias: make it NaN.
                    Arrays.fill(model, model.length - 64, model.length, (byte) 0xFF);
                    return whole.seal();
                }));
    }

    /** One for a model. */
    public TinyCheckpoint of(String modelName) {
        return damage.apply(modelName);
    }

    @Override
    public String toString() {
        return reason + ": " + message;
    }

    private static TinyCheckpoint flipped(TinyCheckpoint checkpoint) {
        byte[] model = checkpoint.part(CheckpointKeys.MODEL);
        model[model.length - 1] ^= 1;
        return checkpoint;
    }
}
