package io.infinito.train.job;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.gpt.AdamW;
import io.infinito.gpt.Dropout;
import io.infinito.train.LearningRateSchedule.Shape;
import io.infinito.train.Preset;
import io.infinito.train.TrainingPlan;
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
        TrainRequest done = request.build();
        return new TrainingJob(
                done.getJobId(),
                done.getModelName(),
                done.getDataset(),
                plan(done.getModel(), done.getTraining()),
                done.getTraining().getDevice(),
                ProtoJson.print(done));
    }

    private static void checkName(String field, String value) {
        if (!NAME.matcher(value).matches()) {
            throw new IllegalArgumentException(field + "='" + value
                    + "' must be 1 to 100 letters, digits, '.', '_' or '-', and not begin with '.'");
        }
    }

    private static TrainingPlan plan(ModelSpec model, TrainingSpec training) {
        Preset preset = model.getPreset().isEmpty() ? Preset.TINY : Preset.named(model.getPreset());
        TrainingPlan.Sizes sizes = preset.sizes();
        double peak = training.hasLearningRate() ? training.getLearningRate() : preset.learningRate();
        return new TrainingPlan(
                new TrainingPlan.Sizes(
                        model.hasLayers() ? model.getLayers() : sizes.layers(),
                        model.hasHidden() ? model.getHidden() : sizes.hidden(),
                        model.hasHeads() ? model.getHeads() : sizes.heads(),
                        model.hasContext() ? model.getContext() : sizes.context(),
                        model.hasTiedHead() ? model.getTiedHead() : sizes.tiedHead()),
                training.hasEpochs() ? training.getEpochs() : preset.epochs(),
                training.getMaxSteps(),
                training.hasBatchSize() ? training.getBatchSize() : preset.batchSize(),
                training.hasAccumulationSteps() ? training.getAccumulationSteps() : 1,
                new TrainingPlan.Rates(
                        shape(training.getSchedule()),
                        peak,
                        training.hasMinLearningRate()
                                ? training.getMinLearningRate()
                                : peak * DEFAULT_MINIMUM_RATE_SHARE,
                        training.hasWarmupSteps() ? training.getWarmupSteps() : preset.warmupSteps()),
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
                training.getKeepCheckpoints());
    }

    private static Shape shape(TrainingSpec.Schedule schedule) {
        return switch (schedule) {
            case SCHEDULE_UNSPECIFIED, COSINE -> Shape.COSINE;
            case LINEAR -> Shape.LINEAR;
            case CONSTANT -> Shape.CONSTANT;
            case UNRECOGNIZED -> throw new IllegalArgumentException("training.schedule is unknown");
        };
    }
}
