package io.infinito.checkpoint;

/**
 * {@code models/<modelName>/best.json}: the checkpoint that serving follows.
 *
 * @param manifestKey of the checkpoint's manifest
 * @param manifestSha256 of the manifest's bytes, lower-case hex
 * @param version as {@link CheckpointManifest#version}
 * @param jobId that set it
 * @param validationLoss of the checkpoint
 * @param datasetDigest of the tokens that the loss was measured on: losses of different digests are not comparable
 */
public record BestAlias(
        String manifestKey,
        String manifestSha256,
        String version,
        String jobId,
        double validationLoss,
        String datasetDigest) {

    /** Whether this one was measured on the same tokens and is at least as good as {@code loss}. */
    public boolean isBetterThan(double loss, String digest) {
        return datasetDigest.equals(digest) && validationLoss <= loss;
    }

    /** The JSON document. */
    public byte[] toJson() {
        var node = JsonDocument.create()
                .put("manifestKey", manifestKey)
                .put("sha256", manifestSha256)
                .put("version", version)
                .put("jobId", jobId);
        JsonDocument.putDecimal(node, "validationLoss", validationLoss);
        return JsonDocument.write(node.put("datasetDigest", datasetDigest));
    }

    /**
     * Reads {@link #toJson}.
     *
     * @throws IllegalArgumentException naming the field that is missing
     */
    public static BestAlias fromJson(byte[] json) {
        JsonDocument document = JsonDocument.read("best.json", json);
        return new BestAlias(
                document.text("manifestKey"),
                document.text("sha256"),
                document.text("version"),
                document.text("jobId"),
                document.decimal("validationLoss"),
                document.text("datasetDigest"));
    }
}
