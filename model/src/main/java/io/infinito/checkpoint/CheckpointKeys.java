package io.infinito.checkpoint;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of objects in the bucket. */
public final class CheckpointKeys {
    /** HuggingFace's GPT2LMHeadModel weights. */
    public static final String MODEL = "model.safetensors";
    /** HuggingFace's model configuration. */
    public static final String CONFIG = "config.json";
    /** HuggingFace's tokenizer. */
    public static final String TOKENIZER = "tokenizer.json";
    /** Moments of AdamW and padding rows. */
    public static final String OPTIMIZER = "optimizer.safetensors";
    /** {@link TrainerState}. */
    public static final String TRAINER_STATE = "trainer_state.json";
    /** {@link CheckpointManifest}; written last. */
    public static final String MANIFEST = "manifest.json";

    /** Aliases of all models lie below this. */
    public static final String MODELS = "models/";

    private static final String BEST = "/best.json";
    private static final String PIN = "/pin.json";

    private static final Pattern MANIFEST_KEY = Pattern.compile("jobs/[^/]+/step-(\\d{8})/manifest\\.json");
    private static final Pattern ATTEMPT_KEY = Pattern.compile("jobs/[^/]+/attempts/(\\d{4})\\.json");

    private CheckpointKeys() {}

    /** Everything of a job lies below this. */
    public static String job(String jobId) {
        return "jobs/" + jobId + "/";
    }

    /** The request that owns the job id; create-only. */
    public static String request(String jobId) {
        return job(jobId) + "request.json";
    }

    /** The job's last status, once it is terminal. */
    public static String outcome(String jobId) {
        return job(jobId) + "outcome.json";
    }

    /** Events of the epochs that ended. */
    public static String epochs(String jobId) {
        return job(jobId) + "epochs/";
    }

    /** The event of epoch {@code epoch}, from 1. */
    public static String epoch(String jobId, int epoch) {
        return epochs(jobId) + "%04d.json".formatted(epoch);
    }

    /** Fences of a job. */
    public static String attempts(String jobId) {
        return job(jobId) + "attempts/";
    }

    /** The create-only fence of an attempt, from 1. */
    public static String attempt(String jobId, int attempt) {
        return attempts(jobId) + "%04d.json".formatted(attempt);
    }

    /** The attempt whose fence this is, if it is one. */
    public static OptionalInt attemptOf(String key) {
        return number(ATTEMPT_KEY, key);
    }

    /** The folder of a checkpoint after so many optimizer steps. */
    public static String step(String jobId, int step) {
        return job(jobId) + "step-%08d/".formatted(step);
    }

    /** The step of the checkpoint whose manifest this is, if it is one. */
    public static OptionalInt stepOfManifest(String key) {
        return number(MANIFEST_KEY, key);
    }

    /** The alias that serving follows. */
    public static String best(String modelName) {
        return MODELS + modelName + BEST;
    }

    /** Whether this is the alias of a model. */
    public static boolean isBest(String key) {
        return key.startsWith(MODELS) && key.endsWith(BEST);
    }

    /** What is served instead of what the alias says, while it exists. */
    public static String pin(String modelName) {
        return MODELS + modelName + PIN;
    }

    /** Whether this is the pin of a model. */
    public static boolean isPin(String key) {
        return key.startsWith(MODELS) && key.endsWith(PIN);
    }

    /** The model whose alias or pin this is. */
    public static String modelOf(String key) {
        return key.substring(MODELS.length(), key.lastIndexOf('/'));
    }

    /** Figures of all steps and epochs of a job. */
    public static String history(String jobId) {
        return job(jobId) + "history.json";
    }

    /** The folder of a job's TensorBoard event files. */
    public static String tensorBoard(String jobId) {
        return job(jobId) + "tensorboard/";
    }

    /** The folder that a manifest's parts lie in. */
    public static String folderOf(String manifestKey) {
        return manifestKey.substring(0, manifestKey.lastIndexOf('/') + 1);
    }

    private static OptionalInt number(Pattern pattern, String key) {
        Matcher matcher = pattern.matcher(key);
        return matcher.matches() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }
}
