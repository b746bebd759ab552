package io.infinito.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What makes a checkpoint complete: written after all its parts, with the hash of each. A checkpoint without one does not exist.
 *
 * @param jobId that wrote it
 * @param modelName whose alias it may become
 * @param attempt of the job, from 1
 * @param step optimizer steps since the start of the job
 * @param epoch completed epochs
 * @param trainLoss mean of the epoch so far, natural logarithm per token
 * @param validationLoss the last one measured; infinite before the first
 * @param datasetId that it was trained on
 * @param datasetDigest of the tokens
 * @param tokenizerSha256 of tokenizer.json
 * @param createdAt RFC 3339, UTC
 * @param parts name inside the folder -> what it must be
 */
public record CheckpointManifest(
        String jobId,
        String modelName,
        int attempt,
        int step,
        int epoch,
        double trainLoss,
        double validationLoss,
        String datasetId,
        String datasetDigest,
        String tokenizerSha256,
        String createdAt,
        Map<String, Part> parts) {

    /** Readers refuse a newer one. */
    public static final int FORMAT = 1;

    /**
     * One file of a checkpoint.
     *
     * @param sha256 lower-case hex
     * @param size in bytes
     */
    public record Part(String sha256, long size) {}

    /** The manifest was written by a newer version. */
    public static final class TooNewException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        TooNewException(String message) {
            super(message);
        }
    }

    /** Keeps its own copy of the parts, in order. */
    public CheckpointManifest {
        parts = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /** How answers name this checkpoint: {@code job/step-00000292}. */
    public String version() {
        return "%s/step-%08d".formatted(jobId, step);
    }

    /** The JSON document. */
    public byte[] toJson() {
        ObjectNode node = JsonDocument.create();
        node.put("format", FORMAT)
                .put("jobId", jobId)
                .put("modelName", modelName)
                .put("attempt", attempt)
                .put("step", step)
                .put("epoch", epoch);
        JsonDocument.putDecimal(node, "trainLoss", trainLoss);
        JsonDocument.putDecimal(node, "validationLoss", validationLoss);
        node.put("datasetId", datasetId)
                .put("datasetDigest", datasetDigest)
                .put("tokenizerSha256", tokenizerSha256)
                .put("createdAt", createdAt);
        ObjectNode partsNode = node.putObject("parts");
        parts.forEach((name, part) ->
                partsNode.putObject(name).put("sha256", part.sha256()).put("size", part.size()));
        return JsonDocument.write(node);
    }

    /**
     * Reads {@link #toJson}.
     *
     * @throws TooNewException naming the format
     * @throws IllegalArgumentException naming the field that is missing
     */
    public static CheckpointManifest fromJson(byte[] json) {
        JsonDocument document = JsonDocument.read(CheckpointKeys.MANIFEST, json);
        int format = document.integer("format");
        if (format > FORMAT) {
            throw new TooNewException(CheckpointKeys.MANIFEST + " has format " + format + "; this version reads up to "
                    + FORMAT + ": update it");
        }
        Map<String, Part> parts = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> part : document.root().path("parts").properties()) {
            parts.put(
                    part.getKey(),
                    new Part(
                            part.getValue().path("sha256").asText(),
                            part.getValue().path("size").asLong(-1)));
        }
        return new CheckpointManifest(
                document.text("jobId"),
                document.text("modelName"),
                document.integer("attempt"),
                document.integer("step"),
                document.integer("epoch"),
                document.decimal("trainLoss"),
                document.decimal("validationLoss"),
                document.text("datasetId"),
                document.text("datasetDigest"),
                document.text("tokenizerSha256"),
                document.text("createdAt"),
                parts);
    }
}
