package io.infinito.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * {@code models/<modelName>/best.json}: the checkpoint that serving follows.
 *
 * @param manifestKey of the checkpoint's manifest
 * @param manifestSha256 of the manifest's bytes, lower-case hex
 * @param version as {@link CheckpointManifest#version}
 * @param jobId that set it
 * @param validationLoss of the checkpoint
 * @param datasetDigest of the tokens that the loss was measured on: losses of different digests are not comparable
 * @param previous what the alias pointed to before, if to anything: where a rollback goes
 */
public record BestAlias(
        String manifestKey,
        String manifestSha256,
        String version,
        String jobId,
        double validationLoss,
        String datasetDigest,
        Optional<CheckpointReference> previous) {
    private static final String NAME = "best.json";
    private static final String PREVIOUS = "previous";

    /** An alias that points to its first checkpoint. */
    public BestAlias(
            String manifestKey,
            String manifestSha256,
            String version,
            String jobId,
            double validationLoss,
            String datasetDigest) {
        this(manifestKey, manifestSha256, version, jobId, validationLoss, datasetDigest, Optional.empty());
    }

    /** The same checkpoint without what is known of it. */
    public CheckpointReference checkpoint() {
        return new CheckpointReference(manifestKey, manifestSha256, version);
    }

    /** This alias as the successor of {@code former}: pointing to the same checkpoint again does not make it its own previous one. */
    public BestAlias after(BestAlias former) {
        return new BestAlias(
                manifestKey,
                manifestSha256,
                version,
                jobId,
                validationLoss,
                datasetDigest,
                former.manifestKey.equals(manifestKey) ? former.previous : Optional.of(former.checkpoint()));
    }

    /** Whether this one was measured on the same tokens and is at least as good as {@code loss}. */
    public boolean isBetterThan(double loss, String digest) {
        return datasetDigest.equals(digest) && validationLoss <= loss;
    }

    /** The JSON document. */
    public byte[] toJson() {
        ObjectNode node = checkpoint().putInto(JsonDocument.create()).put("jobId", jobId);
        JsonDocument.putDecimal(node, "validationLoss", validationLoss);
        node.put("datasetDigest", datasetDigest);
        previous.ifPresent(former -> former.putInto(node.putObject(PREVIOUS)));
        return JsonDocument.write(node);
    }

    /**
     * Reads {@link #toJson}.
     *
     * @throws IllegalArgumentException naming the field that is missing
     */
    public static BestAlias fromJson(byte[] json) {
        JsonDocument document = JsonDocument.read(NAME, json);
        CheckpointReference checkpoint = CheckpointReference.from(document);
        JsonNode former = document.root().path(PREVIOUS);
        return new BestAlias(
                checkpoint.manifestKey(),
                checkpoint.manifestSha256(),
                checkpoint.version(),
                document.text("jobId"),
                document.decimal("validationLoss"),
                document.text("datasetDigest"),
                former.isObject()
                        ? Optional.of(CheckpointReference.from(new JsonDocument(NAME + ": " + PREVIOUS, former)))
                        : Optional.empty());
    }
}
