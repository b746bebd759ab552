package io.infinito.train.job;

import io.infinito.checkpoint.CheckpointKeys;
import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.train.LearningRateSchedule.Shape;
import io.infinito.train.Preset;
import io.infinito.train.TrainingPlan;
import io.infinito.training.v1.InitSpec;
import io.infinito.training.v1.ModelSpec;
import io.infinito.training.v1.TrainRequest;
import io.infinito.training.v1.TrainingSpec;
import java.util.regex.Pattern;

/** Turns the JSON of {@code train.requests} into a {@link TrainingJob}, with the defaults of its preset. */
final class RequestReader {
    /** The request cannot be run; the message says which field and what was expected. */
    static final class RejectedException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String jobId;
        private final boolean readable;

        RejectedException(String jobId, boolean readable, String message, Throwable cause) {
            super(message, cause);
            this.jobId = jobId;
            this.readable = readable;
        }

        /** The id that the rejection is published under. */
        String jobId() {
            return jobId;
        }

        /** Whether the record was a request at all. */
        boolean readable() {
            return readable;
        }
    }

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}");
    private static final String DEFAULT_MODEL_NAME = "default";
    private static final double DEFAULT_WEIGHT_DECAY = 0.1;
    private static final double DEFAULT_BETA1 = 0.9;
    private static final double DEFAULT_BETA2 = 0.95;
    private static final double EPSILON = 1e-8;
    private static final double DEFAULT_CLIP_NORM = 1.0;
    private static final double DEFAULT_MINIMUM_RATE_SHARE = 0.1;
    private static final long DEFAULT_SEED = 42;
    private static final double DEFAULT_DECAY_FRACTION = 0.2;
    private static final int DEFAULT_SAMPLE_TOKENS = 40;
    /** Trained weights are spoilt by the rate that random ones need. */
    private static final double TUNING_RATE_DIVISOR = 10;

    private RequestReader() {}

    /**
     * Reads a record.
     *
     * @param fallbackId the job's id if the request names none
     */
    static TrainingJob read(String json, String fallbackId) throws RejectedException {
        TrainRequest.Builder request = TrainRequest.newBuilder();
        try {
            ProtoJson.parse(json, request);
        } catch (InvalidJsonException e) {
            throw new RejectedException(idOf(json, fallbackId), false, e.getMessage(), e);
        }
        if (request.getJobId().isEmpty()) {
            request.setJobId(fallbackId);
        }
        String jobId = NAME.matcher(request.getJobId()).matches() ? request.getJobId() : fallbackId;
        try {
            return job(request);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new RejectedException(jobId, true, e.getMessage(), e);
        }
    }

    /** The id of a request that is wrong elsewhere, so that its author finds the answer. */
    private static String idOf(String json, String fallbackId) {
        return ProtoJson.textField(json, "jobId")
                .filter(id -> NAME.matcher(id).matches())
                .orElse(fallbackId);
    }

    private static TrainingJob job(TrainRequest.Builder request) {
        checkName("jobId", request.getJobId());
        if (request.getModelName().isEmpty()) {
            request.setModelName(DEFAULT_MODEL_NAME);
        }
        checkName("modelName", request.getModelName());
        if (request.getDataset().getSource().isBlank()) {
            throw new IllegalArgumentException(
                    "dataset.source is missing: give builtin:tiny-tales, file:PATH, hf://... or s3://...");
        }
        checkDuration("deadlineSeconds", request.getDeadlineSeconds());
        if (request.getTraining().getKeepEveryEpochs() < 0) {
            throw new IllegalArgumentException(
                    "training.keepEveryEpochs=" + request.getTraining().getKeepEveryEpochs() + " must be at least 0");
        }
        TrainRequest done = request.build();
        return new TrainingJob(
                done.getJobId(),
                done.getModelName(),
                done.getDataset(),
                plan(done),
                done.getTraining().getDevice(),
                new TrainingJob.Control(
                        done.getDeadlineSeconds(),
                        done.getTraining().getKeepEveryEpochs(),
                        done.getTraining().getTensorboard()),
                checked(done.getInitFrom()),
                done.getModel(),
                ProtoJson.print(done));
    }

    private static void checkName(String field, String value) {
        if (!NAME.matcher(value).matches()) {
            throw new IllegalArgumentException(field + "='" + value
                    + "' must be 1 to 100 letters, digits, '.', '_' or '-', and not begin with '.'");
        }
    }

    private static void checkDuration(String field, double seconds) {
        if (!(seconds >= 0 && seconds < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(field + "=" + seconds + " must be at least 0 and finite");
        }
    }

    private static InitSpec checked(InitSpec init) {
        switch (init.getFromCase()) {
            case MODEL_NAME -> checkName("initFrom.modelName", init.getModelName());
            case MANIFEST_KEY -> {
                if (CheckpointKeys.stepOfManifest(init.getManifestKey()).isEmpty()) {
                    throw new IllegalArgumentException("initFrom.manifestKey='" + init.getManifestKey()
                            + "' must be like jobs/JOB/step-00000292/manifest.json");
                }
            }
            case HUGGING_FACE -> {
                if (init.getHuggingFace().isBlank()) {
                    throw new IllegalArgumentException("initFrom.huggingFace is empty: give a directory");
                }
            }
            case FROM_NOT_SET -> {
                // Random weights.
            }
        }
        return init;
    }

    private static TrainingPlan plan(TrainRequest request) {
        ModelSpec model = request.getModel();
        TrainingSpec training = request.getTraining();
        Preset preset = model.getPreset().isEmpty() ? Preset.TINY : Preset.named(model.getPreset());
        boolean initialised = request.getInitFrom().getFromCase() != InitSpec.FromCase.FROM_NOT_SET;
        return new TrainingPlan(
                // Weights to begin with have sizes of their own, which the request is compared with when they are
                // found.
                initialised ? preset.sizes() : sizes(model, preset.sizes()),
                training.hasEpochs() ? training.getEpochs() : preset.epochs(),
                training.getMaxSteps(),
                training.hasBatchSize() ? training.getBatchSize() : preset.batchSize(),
                training.hasAccumulationSteps() ? training.getAccumulationSteps() : 1,
                rates(training, preset, initialised),
                new AdamW.Settings(
                        training.hasBeta1() ? training.getBeta1() : DEFAULT_BETA1,
                        training.hasBeta2() ? training.getBeta2() : DEFAULT_BETA2,
                        EPSILON,
                        training.hasWeightDecay() ? training.getWeightDecay() : DEFAULT_WEIGHT_DECAY,
                        training.hasClipNorm() ? training.getClipNorm() : DEFAULT_CLIP_NORM),
                new Dropout(
                        training.getDropout().getEmbedding(),
                        training.getDropout().getAttention(),
                        training.getDropout().getResidual()),
                training.hasSeed() ? training.getSeed() : DEFAULT_SEED,
                training.getPatience(),
                training.getCheckpointEverySteps(),
                training.getKeepCheckpoints(),
                new TrainingPlan.Noise(
                        training.getTokenDropout(), training.getLabelSmoothing(), training.getRandomOffset()),
                training.getEmaDecay(),
                training.getEvaluateEverySteps(),
                new TrainingPlan.Guard(skips(training.getGuard()), training.getSpikeFactor()),
                new TrainingPlan.Samples(
                        training.getSamplePromptsList(),
                        training.hasSampleTokens() ? training.getSampleTokens() : DEFAULT_SAMPLE_TOKENS));
    }

    private static TrainingPlan.Sizes sizes(ModelSpec model, TrainingPlan.Sizes preset) {
        return new TrainingPlan.Sizes(
                model.hasLayers() ? model.getLayers() : preset.layers(),
                model.hasHidden() ? model.getHidden() : preset.hidden(),
                model.hasHeads() ? model.getHeads() : preset.heads(),
                model.hasContext() ? model.getContext() : preset.context(),
                model.hasTiedHead() ? model.getTiedHead() : preset.tiedHead());
    }

    private static TrainingPlan.Rates rates(TrainingSpec training, Preset preset, boolean initialised) {
        double usual = initialised ? preset.learningRate() / TUNING_RATE_DIVISOR : preset.learningRate();
        double peak = training.hasLearningRate() ? training.getLearningRate() : usual;
        return new TrainingPlan.Rates(
                shape(training.getSchedule()),
                peak,
                training.hasMinLearningRate() ? training.getMinLearningRate() : peak * DEFAULT_MINIMUM_RATE_SHARE,
                training.hasWarmupSteps() ? training.getWarmupSteps() : preset.warmupSteps(),
                training.hasDecayFraction() ? training.getDecayFraction() : DEFAULT_DECAY_FRACTION);
    }

    private static boolean skips(TrainingSpec.Guard guard) {
        return switch (guard) {
            case GUARD_UNSPECIFIED, STOP -> false;
            case SKIP -> true;
            case UNRECOGNIZED -> throw new IllegalArgumentException("training.guard is unknown");
        };
    }

    private static Shape shape(TrainingSpec.Schedule schedule) {
        return switch (schedule) {
            case SCHEDULE_UNSPECIFIED, COSINE -> Shape.COSINE;
            case LINEAR -> Shape.LINEAR;
            case CONSTANT -> Shape.CONSTANT;
            case CONSTANT_WITH_DECAY -> Shape.CONSTANT_WITH_DECAY;
            case UNRECOGNIZED -> throw new IllegalArgumentException("training.schedule is unknown");
        };
    }
}
