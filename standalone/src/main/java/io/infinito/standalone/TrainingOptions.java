package io.infinito.standalone;

import io.infinito.events.InvalidJsonException;
import io.infinito.events.ProtoJson;
import io.infinito.training.v1.InitSpec;
import io.infinito.training.v1.ModelSpec;
import io.infinito.training.v1.TrainRequest;
import io.infinito.training.v1.TrainingSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What to train. Every option stands over the same field of the request file. */
final class TrainingOptions {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    @Option(
            names = "--request",
            paramLabel = "FILE",
            description = "A TrainRequest as JSON, '-' for standard input. The other options stand over its fields.")
    private Path request;

    @Option(
            names = "--dataset",
            paramLabel = "SOURCE",
            description = "builtin:tiny-tales, file:PATH (a file, or a folder with train, valid and test files), "
                    + "hf://OWNER/NAME/CONFIG, wikitext-2-raw-v1, or s3://BUCKET/KEY. Default: builtin:tiny-tales.")
    private String dataset;

    @Mixin
    private ModelOptions model;

    @Mixin
    private LearningOptions learning;

    @Mixin
    private CadenceOptions cadence;

    @Mixin
    private InitOptions init;

    @Option(
            names = "--model-name",
            paramLabel = "NAME",
            description = "The name that serving follows. Default: default.")
    private String modelName;

    @Option(
            names = "--job-id",
            paramLabel = "ID",
            description =
                    "The same id with the same request is one job, however often it is published. Default: a new one.")
    private String jobId;

    @Option(
            names = "--deadline-seconds",
            paramLabel = "X",
            description = "Seconds from the job's first start after which it ends as failed; 0: none. Default: 0.")
    private Double deadlineSeconds;

    /**
     * The request that the options describe.
     *
     * @throws IllegalArgumentException if the file is not a TrainRequest
     */
    TrainRequest toRequest() {
        TrainRequest.Builder builder = request == null ? TrainRequest.newBuilder() : read(request);
        if (dataset != null || builder.getDataset().getSource().isEmpty()) {
            builder.getDatasetBuilder()
                    .setSource(SourcePath.absolute(dataset == null ? "builtin:tiny-tales" : dataset));
        }
        ModelSpec.Builder spec = builder.getModel().toBuilder();
        model.apply(spec);
        InitSpec.Builder from = builder.getInitFrom().toBuilder();
        init.apply(from);
        if (from.getFromCase() != InitSpec.FromCase.FROM_NOT_SET) {
            builder.setInitFrom(from);
        }
        if (modelName != null) {
            builder.setModelName(modelName);
        }
        if (jobId != null) {
            builder.setJobId(jobId);
        } else if (builder.getJobId().isEmpty()) {
            builder.setJobId(newJobId());
        }
        TrainingSpec.Builder training = builder.getTraining().toBuilder();
        learning.apply(training);
        cadence.apply(training);
        set(deadlineSeconds, builder::setDeadlineSeconds);
        return builder.setModel(spec).setTraining(training).build();
    }

    /** Hands over a value that was given. */
    static <T> void set(T value, Consumer<T> setter) {
        if (value != null) {
            setter.accept(value);
        }
    }

    private static TrainRequest.Builder read(Path file) {
        try {
            String json = "-".equals(file.toString())
                    ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(file);
            return ProtoJson.parse(json, TrainRequest.newBuilder());
        } catch (IOException e) {
            throw new IllegalArgumentException("--request " + file + " cannot be read: " + e, e);
        } catch (InvalidJsonException e) {
            throw new IllegalArgumentException("--request " + file + ": " + e.getMessage(), e);
        }
    }

    private static String newJobId() {
        byte[] random = new byte[2];
        new SecureRandom().nextBytes(random);
        return "job-" + STAMP.format(LocalDateTime.now(ZoneOffset.UTC)) + "-"
                + HexFormat.of().formatHex(random);
    }
}
