package io.infinito.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One checkpoint, and no other that may come to lie under the same key.
 *
 * @param manifestKey of the checkpoint's manifest
 * @param manifestSha256 of the manifest's bytes, lower-case hex
 * @param version as {@link CheckpointManifest#version}
 */
public record CheckpointReference(String manifestKey, String manifestSha256, String version) {
    ObjectNode putInto(ObjectNode node) {
        return node.put("manifestKey", manifestKey)
                .put("sha256", manifestSha256)
                .put("version", version);
    }

    static CheckpointReference from(JsonDocument document) {
        return new CheckpointReference(document.text("manifestKey"), document.text("sha256"), document.text("version"));
    }
}
